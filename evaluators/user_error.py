"""What the user can mend. Apart from the records, so that reading commands need not import pydantic."""


class UserError(Exception):
    """Something the user can mend. One clear line that ends with the next step; the command line exits with
    `exit_code`."""

    exit_code = 2


class UnreachableError(UserError):
    """A service that is needed does not answer."""

    exit_code = 3
