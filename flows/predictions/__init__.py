"""Control variates of a run: what is known of its items before it starts.

prediction_sources   the model's own earlier whole runs, else other models' whole runs
frozen_predictions   their predictions, written down before the run, and found again
"""
