"""Muon: momentum whose update of a matrix is made orthogonal, so that it learns in fewer steps than AdamW.

Keller Jordan and others, "Muon: An optimizer for hidden layers in neural networks" (2024). torch's own works in
bfloat16, which processors without such instructions multiply fifty times slower.
"""

from collections.abc import Callable, Iterable

import torch


def orthogonal(update: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The matrix with the same singular vectors and singular values near 1, by Newton-Schulz iteration."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = update.shape[0] > update.shape[1]
    x = update.T if tall else update
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """For matrices of hidden layers; `lr` is the change of a singular direction in one step."""

    def __init__(
        self, matrices: Iterable[torch.Tensor], lr: float, momentum: float = 0.95, decay: float = 0.01
    ) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:
        """Update every matrix from its gradient (Nesterov momentum)."""
        for group in self.param_groups:
            for matrix in group["params"]:
                kept = self.state[matrix].setdefault("momentum", torch.zeros_like(matrix))
                kept.lerp_(matrix.grad, 1 - group["momentum"])
                update = orthogonal(matrix.grad.lerp(kept, group["momentum"]))
                scale = max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
                matrix.mul_(1 - group["lr"] * group["decay"]).add_(update, alpha=-group["lr"] * scale)
