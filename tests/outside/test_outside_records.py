"""What a file of another program says: the mean that follows from its items."""

from evaluators.outside.outside_records import OutsideItem, OutsideResult, mean_of
from evaluators.records import ItemStatus


def test_a_mean_weighs_items_equally_and_leaves_infrastructure_out():
    right = [OutsideItem(id="a", repeat=0, score=1.0), OutsideItem(id="a", repeat=1, score=0.0)]
    wrong = OutsideItem(id="b", score=0.0)
    failed = OutsideItem(id="c", score=None, status=ItemStatus.failed)
    assert mean_of([*right, wrong, failed]) == 0.25
    assert mean_of([failed]) is None
    assert OutsideResult(task="t", metric="m", score=None, items=(*right, wrong, failed)).failed == 1
