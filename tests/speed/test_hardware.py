"""Names of machines, and what the claimed one could do at most."""

from __future__ import annotations

import pytest

from evaluators.records import Measurement, Settings
from warehouse.verdicts.hardware_names import same_machine
from warehouse.verdicts.roofline import bandwidth, roofline

SAME = [
    ("RTX 4090", "NVIDIA GeForce RTX 4090"),
    ("4090", "NVIDIA GeForce RTX 4090"),
    ("RTX4090 (24GB)", "NVIDIA GeForce RTX 4090"),
    ("RTX 4090 x2", "2x NVIDIA GeForce RTX 4090"),
    ("8xH100", "8x NVIDIA H100 80GB HBM3"),
    ("a single A100", "NVIDIA A100-SXM4-80GB"),
    ("M3 Max", "Apple M3 Max"),
    ("7900 XTX", "AMD Radeon RX 7900 XTX"),
    ("RTX 6000 Ada", "NVIDIA RTX 6000 Ada Generation"),
    ("Ryzen 7 7800X3D", "AMD Ryzen 7 7800X3D 8-Core Processor"),
    ("Intel Xeon 8480C", "Intel(R) Xeon(R) Platinum 8480C @ 2.00GHz"),
    ("AMD EPYC", "AMD EPYC"),
]
OTHER = [
    ("RTX 4090", "NVIDIA GeForce RTX 4090 Laptop GPU"),
    ("RTX 4090", "NVIDIA GeForce RTX 4090 D"),
    ("RTX 4060", "NVIDIA GeForce RTX 4060 Ti"),
    ("RTX 4080", "NVIDIA GeForce RTX 4080 SUPER"),
    ("H100", "2x NVIDIA H100 80GB HBM3"),
    ("H100 PCIe", "NVIDIA H100 SXM5"),
    ("A100 40GB", "NVIDIA A100-SXM4-80GB"),
    ("M3", "Apple M3 Max"),
    ("RTX 4090", "AMD EPYC"),
    ("AMD EPYC", "Intel Xeon"),
    ("", "AMD EPYC"),
]


@pytest.mark.parametrize(("claimed", "measured"), SAME)
def test_one_machine_under_two_names(claimed: str, measured: str) -> None:
    assert same_machine(claimed, measured)


@pytest.mark.parametrize(("claimed", "measured"), OTHER)
def test_two_machines_with_names_alike(claimed: str, measured: str) -> None:
    assert not same_machine(claimed, measured)


@pytest.mark.parametrize(
    ("hardware", "found"),
    [
        ("RTX 4090", ("RTX 4090", 1008e9)),
        ("RTX 4070 Ti SUPER", ("RTX 4070 Ti Super", 672e9)),
        ("8xH100 80GB", ("8x H100", 26800e9)),
        ("A100 40GB", ("A100 40GB", 1555e9)),
        ("M2 Ultra", ("Apple M2 Ultra", 800e9)),
        ("Raspberry Pi 5", None),
    ],
)
def test_bandwidth_of_named_hardware(hardware: str, found: tuple[str, float] | None) -> None:
    assert bandwidth(hardware) == found


def test_the_roofline_is_an_estimate_and_says_so() -> None:
    measured = Measurement(
        benchmark="output_speed", metric="value", score=5.0, unit="tok/s", items=7, of=7,
        evidence={"weight_bytes_per_token": "4000000000"},
    )  # fmt: skip
    reason = roofline(Settings(hardware="RTX 4090"), measured)
    assert reason and reason.code == "roofline_estimate"
    assert reason.text.startswith("estimate, not measured: ") and "about 252 tok/s" in reason.text
    assert roofline(Settings(hardware="RTX 4090", concurrency=8), measured) is None
    assert roofline(Settings(hardware="abacus"), measured) is None
    assert roofline(Settings(hardware="RTX 4090"), measured.model_copy(update={"evidence": {}})) is None
