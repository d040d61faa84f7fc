"""What the words of a ratio claim make the two sides to be. Nothing is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.backends.registry import named
from evaluators.records import Artifact, Settings
from evaluators.weights import pull, resolve
from flows.demo import RELEASE
from flows.options import VerifyOptions
from flows.verification.ratio_sides import Side, Unmeasurable, bits, sides_of

MODEL = "demo-model-1.5M"
PROGRAMS = (("llama.cpp", "/opt/llama-server"), ("vllm", "/opt/vllm"))


@pytest.fixture(scope="module")
def f16() -> Artifact:
    return pull(resolve(str(RELEASE)), "gguf", "F16")


def sides(artifact: Artifact, over: str | None, under: str, **options: object) -> tuple[Side, Side]:
    asked = VerifyOptions.model_validate({"executables": PROGRAMS, **options})
    return sides_of(Settings(numerator=over, denominator=under), MODEL, artifact, asked)


@pytest.mark.parametrize(
    ("text", "backend"),
    [("llama.cpp", "llama.cpp"), ("Llama CPP", "llama.cpp"), ("vLLM", "vllm"), ("OLLAMA", "ollama"), ("Q8_0", None)],
)
def test_backends_under_the_names_that_claims_give_them(text: str, backend: str | None) -> None:
    assert named(text) == backend


def test_bits_by_name() -> None:
    names = {"Q4_K_M": 4, "IQ2_XS": 2, "bf16": 16, "F16": 16, "F32": 32, "fp8": 8, "w8a8": 8, "awq": 4, "unknown": None}
    assert {name: bits(name) for name in names} == names


def test_each_backend_gets_its_format_and_its_program(f16: Artifact) -> None:
    over, under = sides(f16, "llama.cpp", "vllm", context=512, server_arguments=("-x",))
    assert (over.artifact, under.artifact.format, under.artifact.quantization) == (f16, "safetensors", "f16")
    assert (over.options.executable, over.options.extra) == ("/opt/llama-server", ("-x",))
    assert (under.options.executable, under.options.context, under.options.extra) == ("/opt/vllm", 512, ())
    over, under = sides(f16, "vllm", "Ollama", backend="llama.cpp", url="http://127.0.0.1:7")
    assert (over.artifact.format, under.artifact) == ("safetensors", f16)
    assert (over.options.url, under.options.url) == (None, "http://127.0.0.1:7")


def test_what_the_claim_leaves_out_is_the_release_as_it_is_run(f16: Artifact) -> None:
    over, under = sides(f16, None, "Q8_0")
    assert (over.artifact, under.artifact.quantization.casefold(), under.backend) == (f16, "q8_0", "llama.cpp")


def test_another_release_in_the_same_precision(f16: Artifact) -> None:
    with pytest.raises(Unmeasurable, match="nothing to compare"):
        sides(f16, None, str(RELEASE))
    _, under = sides(pull(f16.release, "gguf", "Q8_0"), "F16", str(RELEASE))
    assert under.artifact.quantization.casefold() == "q8_0"


def test_a_server_of_somebody_else_has_one_model(f16: Artifact, tmp_path: Path) -> None:
    theirs = f16.model_copy(update={"path": "", "quantization": "unknown"})
    for over, under, reason in (
        (None, "Q8_0", "server_failed"), (None, str(tmp_path), "server_failed"), (None, "vllm", "weights_missing"),
    ):  # fmt: skip
        with pytest.raises(Unmeasurable) as caught:
            sides(theirs, over, under, backend="attached", url="http://127.0.0.1:7")
        assert caught.value.reason == reason
