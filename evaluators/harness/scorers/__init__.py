"""Where items are scored: beside the engine's own work while that is quick, elsewhere where it takes long.

item_scoring        one way to have an item scored, wherever that is done
scoring_processes   processes that have loaded the tasks too
"""
