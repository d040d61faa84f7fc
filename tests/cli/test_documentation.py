"""The README names every command, and every command explains itself."""

from pathlib import Path

from cyclopts import App

from flows.cli.app import build_app

README = Path(__file__).parents[2] / "README.md"


def commands(app: App, prefix: str = "claimcheck") -> list[tuple[str, App]]:
    found = []
    for name in app.resolved_commands() if hasattr(app, "resolved_commands") else app:
        if name.startswith("-"):
            continue
        inner = app[name]
        nested = commands(inner, f"{prefix} {name}")
        found += nested or [(f"{prefix} {name}", inner)]
    return found


def test_every_command_is_in_the_readme() -> None:
    text = README.read_text(encoding="utf-8")
    found = commands(build_app())
    assert len(found) >= 8
    for name, app in found:
        assert f"`{name}" in text, f"{name} is not in the README"
        assert app.help, f"{name} has no help"


def test_the_two_commands_stand_on_the_first_screen() -> None:
    first = README.read_text(encoding="utf-8").splitlines()[:20]
    assert any(line.startswith("make demo") for line in first)
    assert any(line.startswith("make test") for line in first)
