"""Numbers that say no limit, as tokenizers of most families carry them, are no damage."""

from __future__ import annotations

import json

import pytest

from evaluators.user_error import UserError
from evaluators.weights.stranger_files import object_of


@pytest.mark.parametrize("number", [int(1e30), int(1e20), 2**63 - 1])
def test_a_tokenizer_without_a_limit(number: int) -> None:
    text = json.dumps({"model_max_length": number, "eos_token": "</s>"})
    assert object_of(text, "tokenizer_config.json") == {"model_max_length": None, "eos_token": "</s>"}


def test_another_number_that_no_size_has_is_refused() -> None:
    with pytest.raises(UserError, match="damaged"):
        object_of(json.dumps({"hidden_size": 10**30 + 1}), "config.json")
