"""What else may explain a difference between claim and measurement.

checks          causes that the run's own data show
unread_answers  answers that were not read as they were meant
alternatives    other scores, readings and cells that would close the gap
frequency       how often each cause is behind a difference
validity        whether a run is sound at all, and the bounds that unreadable answers leave
evidence        what the causes are read from
"""
