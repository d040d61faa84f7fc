"""The text of a number becomes an interval, or a refusal with its reason; never anything else."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.claim_records import Qualifier
from warehouse.claims.text.interval import Unreadable, read_interval

UNITS = ["fraction", "tok/s", "tokens", "parameters", "bytes", "ratio", "elo", "seconds", "licence", "perplexity"]


@pytest.mark.parametrize(
    ("said", "unit", "low", "high", "qualifier"),
    [
        ("85.2", "fraction", 0.8515, 0.8525, Qualifier.exact),
        ("85.2%", "fraction", 0.8515, 0.8525, Qualifier.exact),
        ("**85.2**¹", "fraction", 0.8515, 0.8525, Qualifier.exact),
        ("85,2", "fraction", 0.8515, 0.8525, Qualifier.exact),
        ("0.852", "fraction", 0.8515, 0.8525, Qualifier.exact),
        ("0.5%", "fraction", 0.0045, 0.0055, Qualifier.exact),
        ("100%", "fraction", 0.995, 1.0, Qualifier.exact),
        ("~77%", "fraction", 0.76, 0.78, Qualifier.about),
        ("60-100", "tok/s", 60, 100, Qualifier.range),
        ("15–20 tokens per second", "tok/s", 15, 20, Qualifier.range),
        (">= 85", "fraction", 0.85, None, Qualifier.at_least),
        ("no less than 85%", "fraction", 0.85, None, Qualifier.at_least),
        ("50+ tok/s", "tok/s", 50, None, Qualifier.at_least),
        ("up to 100", "tok/s", None, 100, Qualifier.at_most),
        ("no more than 20 GB", "bytes", None, 20e9, Qualifier.at_most),
        ("3-5x", "ratio", 3, 5, Qualifier.range),
        ("20% faster", "ratio", 1.195, 1.205, Qualifier.exact),
        ("20.9 GB", "bytes", 20.85e9, 20.95e9, Qualifier.exact),
        ("20.9 GiB", "bytes", 20.85 * 2**30, 20.95 * 2**30, Qualifier.exact),
        ("35B", "parameters", 34.5e9, 35.5e9, Qualifier.exact),
        ("262,144", "tokens", 262143.5, 262144.5, Qualifier.exact),
        ("449 tok/s", "tok/s", 448.5, 449.5, Qualifier.exact),
        ("1530 Elo", "elo", 1529.5, 1530.5, Qualifier.exact),
        ("20.0 ± 1.2", "fraction", 0.188, 0.212, Qualifier.uncertain),
        ("20.0 (±1.2)", "fraction", 0.188, 0.212, Qualifier.uncertain),
        ("73.4 (thinking)", "fraction", 0.7335, 0.7345, Qualifier.exact),
        ("pass@1 73.4", "fraction", 0.7335, 0.7345, Qualifier.exact),
    ],
)
def test_reads(said: str, unit: str, low: float | None, high: float | None, qualifier: Qualifier) -> None:
    found = read_interval(said, unit)
    assert found.qualifier is qualifier
    assert found.low == pytest.approx(low) and found.high == pytest.approx(high)


@pytest.mark.parametrize(
    ("said", "unit"),
    [
        *((said, "fraction") for said in ("—", "-", "", "n/a", "N/A", "TBD", "x", "four", "1", "1.0", "101", "1.2.3")),
        *((said, "fraction") for said in ("-5.2", "+2.1", "85.2/87.1", "2026-04-16", "80 -> 85", "449 tok/s", "85-84")),
        ("Claude Sonnet 4", "fraction"),
        ("AlpacaEval 2.0", "fraction"),
        ("H100 x 16", "fraction"),
        ("12 GB", "tokens"),
        ("85%", "tok/s"),
        ("85%", "ratio"),
        ("3 GB", "parameters"),
        ("—", "licence"),
    ],
)
def test_refuses_with_a_reason(said: str, unit: str) -> None:
    with pytest.raises(Unreadable, match=r"\w+"):
        read_interval(said, unit)


def test_a_context_window_contains_both_readings() -> None:
    for said in ("262K", "up to 262K tokens", "262k context"):
        found = read_interval(said, "tokens")
        assert found.low is not None and found.high is not None
        assert found.low <= 262_000 <= found.high and found.low <= 262_144 <= found.high
        assert not found.low <= 256_000 <= found.high
    for size in (1_000_000, 1_048_576):
        found = read_interval("1M", "tokens")
        assert found.low <= size <= found.high  # type: ignore[operator]
    assert not found.low <= 524_288 <= found.high  # type: ignore[operator]


def test_the_choice_between_percent_and_fraction_is_said() -> None:
    assert "read as percent" in str(read_interval("85.2", "fraction").remark)
    assert "read as a fraction" in str(read_interval("0.852", "fraction").remark)
    assert read_interval("85.2%", "fraction").remark is None
    assert read_interval("0.8", "fraction", scale="percent").value == pytest.approx(0.008)
    assert read_interval("1.0", "fraction", scale="fraction").value == 1
    assert "thinking" in str(read_interval("73.4 (thinking)", "fraction").remark)


def test_licences_are_compared_by_name_not_by_feeling() -> None:
    apache = {
        read_interval(said, "licence").text for said in ("Apache 2.0", "apache-2.0", "Apache License, Version 2.0")
    }
    assert apache == {"apache-2.0"}
    others = {
        read_interval(said, "licence").text for said in ("Open", "Llama 3 Community License", "MIT", "open source")
    }
    assert len(others) == 4 and "apache-2.0" not in others


number_like = st.text(alphabet="0123456789.,+-~≈<>=±%xKMBGiTtoks/ ()–——nN*†¹", max_size=16)


@given(said=st.one_of(st.text(max_size=30), number_like), unit=st.sampled_from(UNITS))
def test_reading_is_total_and_bounds_are_ordered(said: str, unit: str) -> None:
    try:
        found = read_interval(said, unit)
    except Unreadable as refusal:
        assert str(refusal)
        return
    if found.value is None:
        assert found.text
        return
    assert math.isfinite(found.value) and found.value >= 0
    assert found.low is None or 0 <= found.low <= found.value
    assert found.high is None or found.value <= found.high
    assert unit != "fraction" or found.value <= 1


@given(
    value=st.decimals(min_value=0, max_value=100, places=1),
    style=st.sampled_from(["{}%", "~{}%", "{}% (thinking)", ">= {}%", "up to {}%", "{}% ± 0.4", "**{}** %"]),
)
def test_the_interval_contains_the_printed_value(value: object, style: str) -> None:
    found = read_interval(style.format(value), "fraction")
    printed = float(str(value)) / 100
    assert found.low is None or found.low <= printed + 1e-12
    assert found.high is None or found.high >= printed - 1e-12
