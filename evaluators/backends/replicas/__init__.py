"""Several servers of one model behind one run: what they must have in common, and how they stand for one server.

recognition    what tells servers of unseen weights apart, asked once for all runs of a verification
same_model     whether two servers serve one model under one set-up
server_group   several servers of one model as one
"""
