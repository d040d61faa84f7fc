"""Pure readers of results that other programs wrote, one a format.

agents/    those of grades of agents that use tools
speeds/    those of speeds

Each module has an `is_...`, which tells the format by its content, and a `read_...` from a path to an `OutsideRun`.
`evaluators.outside.read_outside` chooses between them.
"""
