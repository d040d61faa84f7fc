"""The colours of both schemes. Each text colour has at least 4.5:1 contrast on the backgrounds of its scheme."""

from __future__ import annotations

COLOURS = {
    "light": {
        "ground": "#ffffff",
        "panel": "#f6f8fa",
        "line": "#d0d7de",
        "text": "#1c2128",
        "quiet": "#57606a",
        "link": "#0a58ca",
        "good": "#1a7f37",
        "bad": "#b42318",
        "info": "#0b5fa5",
        "doubt": "#8a5a00",
        "odd": "#7a3fc4",
        "claim": "#8c959f",
        "margin": "#dfe3e8",
    },
    "dark": {
        "ground": "#11151a",
        "panel": "#1a2027",
        "line": "#3a434d",
        "text": "#e6eaee",
        "quiet": "#a3adb8",
        "link": "#76b3ff",
        "good": "#56c271",
        "bad": "#ff8a80",
        "info": "#76b3ff",
        "doubt": "#e0ab4b",
        "odd": "#c3a2f5",
        "claim": "#6b7682",
        "margin": "#2f3841",
    },
}
"""Scheme -> name -> sRGB."""


def custom_properties(scheme: str) -> str:
    """The colours of a scheme as CSS custom properties."""
    return ";".join(f"--{name}:{value}" for name, value in COLOURS[scheme].items())


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two sRGB colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
