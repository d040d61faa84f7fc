"""A model in several GGUF files whose output head is in a later one."""

from __future__ import annotations

from evaluators.specification.parameters import count_parameters
from evaluators.weights.architecture import architecture_of_gguf, architecture_of_parts
from evaluators.weights.gguf_header import GgufHeader
from evaluators.weights.stranger_files import StoredTensor


def test_the_output_head_of_a_later_part_counts() -> None:
    keys = {"general.architecture": "llama", "llama.block_count": 1}
    names = ("token_embd.weight", "output.weight")
    parts = [GgufHeader(3, keys, (StoredTensor(name, (8, 32), "F16", 0, 512),), 512) for name in names]
    assert architecture_of_gguf(parts[0]).tied and not architecture_of_parts(parts).tied
    tensors = [tensor for part in parts for tensor in part.tensors]
    assert count_parameters(tensors, architecture_of_parts(parts)).total == 512
