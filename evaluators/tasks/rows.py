"""The rows of a local benchmark, found beside its YAML whatever the working directory is."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import DatasetDict


def load_rows(benchmark: str, **_: object) -> "DatasetDict":
    """Splits `test` and `fewshot` of the folder `evaluators/tasks/<benchmark>`, one row per JSONL line, in file order.

    lm-eval calls it as a task's `custom_dataset` with `dataset_kwargs` and `metadata`; metadata is ignored.
    lm-eval resolves `data_files` against the working directory, which is why the tasks do not use them.
    """
    import json

    from datasets import Dataset, DatasetDict

    folder = Path(__file__).parent / benchmark
    return DatasetDict(
        {
            split: Dataset.from_list(
                [json.loads(line) for line in (folder / f"{split}.jsonl").read_text("utf-8").splitlines()]
            )
            for split in ("test", "fewshot")
        }
    )
