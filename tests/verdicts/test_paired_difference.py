"""Two runs over the same items: McNemar's exact test against SciPy's binomial test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.verdicts.statistics.paired_difference import paired_difference, sign_test

counts = st.integers(0, 400)


@given(counts, counts)
def test_sign_test_is_the_binomial_test(lost: int, won: int) -> None:
    from scipy.stats import binomtest

    expected = binomtest(lost, lost + won).pvalue if lost + won else 1.0
    assert sign_test(lost, won) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("lost", "won"), [(1100, 1000), (1500, 1400), (3000, 2800)])
def test_many_items_by_the_normal_limit(lost: int, won: int) -> None:
    from scipy.stats import binomtest

    assert sign_test(lost, won) == pytest.approx(binomtest(lost, lost + won).pvalue, rel=0.02)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])), min_size=1))
def test_swapping_the_runs_turns_the_sign(pairs: list[tuple[float, float]]) -> None:
    first, second = [one for one, _ in pairs], [two for _, two in pairs]
    there, back = paired_difference(first, second), paired_difference(second, first)
    assert there.mean == pytest.approx(-back.mean) and there.p_value == back.p_value
    assert (there.lost, there.won) == (back.won, back.lost)


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="same items"):
        paired_difference([1.0], [])
