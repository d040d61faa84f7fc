"""Sampling defaults that weights bring along change nothing: every request says all samplers itself."""

from __future__ import annotations

from pathlib import Path

import gguf
import pyarrow.parquet as pq
import pytest

from evaluators.backends import ModelServer, ServerOptions, open_server
from evaluators.harness import run_benchmark
from evaluators.records import Artifact, RunStatus, Settings
from tests.harness.conftest import SUMS, artifact_of


def with_penalty(source: Path, target: Path, penalty: float) -> Path:
    """A copy of a GGUF file with the sampling metadata that llama.cpp's converter takes from generation_config.json."""
    reader = gguf.GGUFReader(str(source))
    writer = gguf.GGUFWriter(str(target), arch="llama")
    for field in reader.fields.values():
        if field.name != "general.architecture" and not field.name.startswith("GGUF."):
            kind = field.types[0]
            part = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), kind, sub_type=part)
    writer.add_key_value("general.sampling.penalty_repeat", penalty, gguf.GGUFValueType.FLOAT32)
    for tensor in reader.tensors:
        writer.add_tensor_info(
            tensor.name, tensor.data.shape, tensor.data.dtype, tensor.data.nbytes, tensor.tensor_type
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor in reader.tensors:
        writer.write_tensor_data(tensor.data)
    writer.close()
    return target


def answers_of(folder: Path) -> dict[int, str]:
    """Answer texts by document."""
    rows = pq.read_table(folder / "responses.parquet").to_pylist()
    return {row["doc_id"]: row["text"] for row in rows}


@pytest.mark.parametrize("prompt", ["completion", pytest.param("chat", marks=pytest.mark.long)])
def test_penalty_in_the_metadata_changes_no_answer(
    server: ModelServer, artifact: Artifact, tmp_path: Path, prompt: str
) -> None:
    """The same answers from the same weights, with a repetition penalty of 1.5 in their metadata and without."""
    settings = Settings(prompt=prompt, thinking="off" if prompt == "chat" else None, temperature=0.0)
    plain = run_benchmark(SUMS, artifact, server, settings, folder=tmp_path / "plain", limit=24)
    penalised = artifact_of(with_penalty(Path(artifact.path), tmp_path / "demo-F32.gguf", 1.5), "f32")
    options = ServerOptions(slots=2, threads=1, context=1024, kv_type="f32", flash_attention="off")
    with open_server("llama.cpp", penalised, options, tmp_path) as other:
        run = run_benchmark(SUMS, penalised, other, settings, folder=tmp_path / "penalised", limit=24)
    assert run.status is RunStatus.finished
    assert run.settings.repetition_penalty == 1.0 and "repeat_penalty" in run.checks["sampling_defaults"]
    assert answers_of(tmp_path / "plain" / plain.run_id) == answers_of(tmp_path / "penalised" / run.run_id)
