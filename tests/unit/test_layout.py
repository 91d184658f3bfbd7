"""The house stays as it was drawn."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("pipeline", "stages", "backends", "web", "lab")
FILES = sorted(
    path
    for path in [
        *ROOT.glob("*.py"),
        *(file for name in OURS for file in (ROOT / name).rglob("*.py")),
    ]
)
MODULES = [path for path in FILES if path.name != "__init__.py"]

DECLARATIONS = {
    "pipeline/dialects/anthropic_messages/formats.py",
    "pipeline/dialects/gemini/formats.py",
    "pipeline/dialects/openai_chat/formats.py",
    "pipeline/dialects/openai_responses/formats.py",
    "pipeline/state/store.py",
}
"""Files in which nothing runs."""

MAY_IMPORT = {
    "pipeline": {"pipeline"},
    "stages": {"pipeline", "stages"},
    "backends": {"pipeline", "backends"},
    "load": {"pipeline", "stages", "backends"},
    "web": {"pipeline", "load", "web"},
    "lab": {"pipeline", "stages", "backends", "load", "web", "lab"},
    "keys": {"pipeline", "load"},
    "server": {"pipeline", "load", "web", "lab", "keys"},
    "__init__": set[str](),
}
"""The first part of a module's path → the first parts it may import."""


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_imports_go_one_way(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    ours = {name.split(".")[1] for name in _imports(path) if name.startswith("llm_proxy.")}
    assert ours <= MAY_IMPORT[room]


@pytest.mark.parametrize("path", sorted((ROOT / "stages").rglob("*.py")), ids=_name)
def test_no_stage_knows_another_or_the_web(path: Path) -> None:
    if path == ROOT / "stages" / "__init__.py":
        return
    own = path.relative_to(ROOT / "stages").parts[0].removesuffix(".py")
    for name in _imports(path):
        parts = name.split(".")
        assert parts[:2] != ["llm_proxy", "stages"] or parts[2] == own
        assert parts[0] != "aiohttp"


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_no_file_outgrows_its_purpose(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_every_file_has_a_test(path: Path) -> None:
    if _name(path) in DECLARATIONS:
        return
    names = [path.stem, *([path.parent.name] if path.stem == "stage" else [])]
    assert [name for name in names if list((ROOT / "tests").rglob(f"test_*{name}*.py"))]


@pytest.mark.parametrize("room", ["pipeline", "stages"])
def test_no_vendor_is_named_where_none_is_known(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        if "dialects" not in path.parts:
            text = path.read_text(encoding="utf-8").lower()
            assert not [name for name in ("anthropic", "gemini", "openrouter") if name in text]


def test_every_package_is_listed() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        listed = tomllib.load(file)["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT) for path in FILES if path.name == "__init__.py"}
    found = [".".join(["llm_proxy", *folder.parts]) for folder in folders]
    assert sorted(listed) == sorted(found)
