"""Plugins that are installed for as long as a test lasts."""

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest


class Plugins:
    """Distributions in a folder of their own, which is on the path of imports."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        folder.mkdir()
        monkeypatch.syspath_prepend(folder)

    def module(self, name: str, text: str) -> None:
        """Write an importable module."""
        (self._folder / f"{name}.py").write_text(text, encoding="utf-8")
        importlib.invalidate_caches()

    def install(self, distribution: str, group: str, points: Mapping[str, str]) -> None:
        """Install a distribution, or add to it, with these entry points: name → `module:Class`."""
        info = self._folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1\n")
        lines = [f"[{group}]", *(f"{name} = {where}" for name, where in points.items()), ""]
        with (info / "entry_points.txt").open("a", encoding="utf-8") as file:
            file.write("\n".join(lines))
        importlib.invalidate_caches()

    def forget(self) -> None:
        """Let the next test import its own modules of the same names."""
        for module in self._folder.glob("*.py"):
            sys.modules.pop(module.stem, None)
