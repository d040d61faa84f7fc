"""A Llama in float64 and plain numpy: what log-likelihoods are, without any inference engine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

KINDS = {"F16": np.float16, "F32": np.float32}


def tensors(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file in float64: a header of JSON, then the numbers one after the other."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            values = np.frombuffer(content[begin:end], KINDS[entry["dtype"]])
            found[name] = values.reshape(entry["shape"]).astype(np.float64)
    return found


class Llama:
    """The model of a release folder."""

    def __init__(self, folder: Path) -> None:
        self.config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.weights = tensors(folder / "model.safetensors")

    def log_probabilities(self, tokens: list[int]) -> np.ndarray:
        """Natural logarithms, [len(tokens), vocabulary]: row t is about the token after tokens[:t + 1]."""
        config, weights = self.config, self.weights
        heads, groups, size = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
        state = weights["model.embed_tokens.weight"][tokens]
        cosine, sine = self._angles(len(tokens), size)
        mask = np.triu(np.full((len(tokens), len(tokens)), -np.inf), 1)
        for layer in range(config["num_hidden_layers"]):
            at = f"model.layers.{layer}."
            normed = self._norm(state, weights[f"{at}input_layernorm.weight"])
            query, key, value = (
                (normed @ weights[f"{at}self_attn.{part}_proj.weight"].T).reshape(len(tokens), -1, size).swapaxes(0, 1)
                for part in "qkv"
            )
            query, key = self._turn(query, cosine, sine), self._turn(key, cosine, sine)
            key, value = (np.repeat(part, heads // groups, axis=0) for part in (key, value))
            weight = query @ key.swapaxes(1, 2) / np.sqrt(size) + mask
            weight = np.exp(weight - weight.max(-1, keepdims=True))
            mixed = (weight / weight.sum(-1, keepdims=True) @ value).swapaxes(0, 1).reshape(len(tokens), -1)
            state = state + mixed @ weights[f"{at}self_attn.o_proj.weight"].T
            normed = self._norm(state, weights[f"{at}post_attention_layernorm.weight"])
            gate, up = (normed @ weights[f"{at}mlp.{part}_proj.weight"].T for part in ("gate", "up"))
            state = state + (gate / (1 + np.exp(-gate)) * up) @ weights[f"{at}mlp.down_proj.weight"].T
        state = self._norm(state, weights["model.norm.weight"])
        head = weights.get("lm_head.weight", weights["model.embed_tokens.weight"])
        logits = state @ head.T
        logits -= logits.max(-1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(-1, keepdims=True)))

    def score(self, context: list[int], continuation: list[int]) -> tuple[float, bool]:
        """(sum of log-probabilities of the continuation, whether greedy decoding would give it)."""
        rows = self.log_probabilities(context + continuation[:-1])[len(context) - 1 :]
        values = rows[np.arange(len(continuation)), continuation]
        return float(values.sum()), bool((rows.argmax(-1) == continuation).all())

    def _norm(self, state: np.ndarray, weight: np.ndarray) -> np.ndarray:
        scale = np.sqrt((state**2).mean(-1, keepdims=True) + self.config["rms_norm_eps"])
        return np.asarray(state / scale * weight)

    def _angles(self, length: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        theta = self.config["rope_parameters"]["rope_theta"] ** (-np.arange(0, size, 2) / size)
        angles = np.outer(np.arange(length), theta)
        return np.cos(angles), np.sin(angles)

    @staticmethod
    def _turn(part: np.ndarray, cosine: np.ndarray, sine: np.ndarray) -> np.ndarray:
        left, right = np.split(part, 2, axis=-1)
        return np.concatenate([left * cosine - right * sine, right * cosine + left * sine], axis=-1)
