"""Several servers of one model behind one run: what they must have in common, and how they stand for one server."""
