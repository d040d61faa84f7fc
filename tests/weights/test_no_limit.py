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


def test_a_step_without_a_limit() -> None:
    assert object_of('{"time_step_limit": [0.0, Infinity]}', "config.json") == {"time_step_limit": [0.0, None]}


def test_another_number_that_no_size_has_is_refused() -> None:
    for number in ("1000000000000000019884624838657", "NaN", "1e999"):
        with pytest.raises(UserError, match="damaged"):
            object_of(f'{{"hidden_size": {number}}}', "config.json")
