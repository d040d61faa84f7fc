"""The steps of a verification, in the order in which a release goes through them.

read_claims       the claims that the release's own files make
jobs              claims -> what has to be run; open_claims: those that still need a verdict
cost              what that will take; plan_subject: what it is about; run_costs, typical_lengths, typical_speed: by run
expected_runs     the same for a verification that goes on
weights_choice    whose weights, and which quantization of them; artifact: what is served
ratio_sides       the two sides of a ratio claim
measure           the runs
judge             runs -> verdicts
import_results    results made elsewhere -> the same judge
verdict_report    the result for people
"""
