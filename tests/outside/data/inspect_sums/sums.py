"""Sums as tasks of Inspect."""

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Score, accuracy, match, mean, model_graded_fact, scorer
from inspect_ai.solver import generate


def _samples(count: int = 40) -> list[Sample]:
    return [
        Sample(id=f"sum-{place}", input=f"What is {place} + {place}?", target=str(2 * place)) for place in range(count)
    ]


@task
def sums() -> Task:
    return Task(dataset=_samples(), solver=generate(), scorer=match())


@task
def shuffled() -> Task:
    """Shuffled without a seed, and without names."""
    dataset = MemoryDataset([sample.model_copy(update={"id": None}) for sample in _samples()])
    dataset.shuffle()
    return Task(dataset=dataset, solver=generate(), scorer=match())


@task
def graded() -> Task:
    return Task(dataset=_samples(6), solver=generate(), scorer=model_graded_fact())


@task
def boxed() -> Task:
    return Task(dataset=_samples(), solver=generate(), scorer=match(), sandbox="docker")


@scorer(metrics={"right": [accuracy()], "length": [mean()]})
def parts():
    async def score(state, target):
        said = state.output.completion
        return Score(value={"right": int(target.text in said), "length": len(said)})

    return score


@task
def in_parts() -> Task:
    return Task(dataset=_samples(12), solver=generate(), scorer=parts())


@task
def facts() -> Task:
    """As `inspect_evals/simpleqa`, whose questions come from the network, on questions of our own."""
    from inspect_evals.simpleqa.simpleqa import SIMPLEQA_GRADER_TEMPLATE, _resolve_scorer

    return Task(dataset=_samples(24), solver=[generate()], scorer=_resolve_scorer("tool", SIMPLEQA_GRADER_TEMPLATE))
