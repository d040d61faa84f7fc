"""Programs that run within a box, on the standard library only: `stage` (limits), `python_program` (one program)."""
