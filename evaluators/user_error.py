"""What the user can mend. Apart from the records, so that reading commands need not import pydantic."""


class UserError(Exception):
    """Something the user can mend. One clear line that ends with the next step; the command line exits with 2."""
