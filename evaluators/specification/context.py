"""Context window and its extension by rope scaling."""

from __future__ import annotations

from evaluators.weights.shape import Shape


def context_window(shape: Shape) -> tuple[int | None, dict[str, str]]:
    """Tokens the model is configured for, and where that stands. None if the files do not say."""
    if shape.context is None:
        return None, {"reason": "neither config.json nor the GGUF header states a context length"}
    evidence = {"formula": f"configured context length {shape.context}"}
    if shape.rope:
        original = shape.rope.get("original_max_position_embeddings")
        evidence["rope_scaling"] = ", ".join(f"{key} {value}" for key, value in shape.rope.items() if value is not None)
        if original:
            evidence["before_scaling"] = str(original)
    return shape.context, evidence


def extended_context(shape: Shape) -> tuple[int | None, dict[str, str]]:
    """Tokens with the rope scaling that the files themselves configure; None if they configure none.

    yarn, linear and llama3 scaling reach original x factor; where the configured length is larger already, it stands.
    """
    factor, original = shape.rope.get("factor"), shape.rope.get("original_max_position_embeddings")
    if not factor or shape.context is None:
        return None, {"reason": "no rope scaling is configured: an extension is the user's setting, not the files'"}
    base = original or shape.context
    reached = max(round(base * factor), shape.context)
    kind = shape.rope.get("rope_type") or shape.rope.get("type")
    return reached, {"formula": f"{kind}: max({base} x {factor:g}, configured {shape.context}) = {reached}"}
