"""Version of a serving engine by the package that its program belongs to, without starting it."""

from __future__ import annotations

from pathlib import Path


def package_version(program: str, package: str) -> str | None:
    """Version of a package in the environment that a program belongs to; None if it is not there."""
    for packages in Path(program).absolute().parent.parent.glob("lib/python3*/site-packages"):
        for folder in packages.glob(f"{package}*.dist-info"):
            return folder.name.removesuffix(".dist-info").partition("-")[2]
    return None
