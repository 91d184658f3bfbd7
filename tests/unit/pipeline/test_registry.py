"""From a name to a class."""

from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from llm_proxy.pipeline import registry as registry_module
from llm_proxy.pipeline.registry import Registry, did_you_mean
from llm_proxy.pipeline.stage import Stage, StageOptions


class Animal:
    """The base."""


class Dog(Animal):
    """A class of the kind."""


class Rock:
    """A class of no kind."""


Make = Callable[..., Registry[Animal]]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    """A registry with `dog` built in and these plug-ins: name → what loading gives or raises."""

    def registry(**plugins: object) -> Registry[Animal]:
        def point(name: str, found: object) -> SimpleNamespace:
            def load() -> object:
                if isinstance(found, Exception):
                    raise found
                return found

            return SimpleNamespace(name=name, load=load, dist=SimpleNamespace(name=f"{name}-dist"))

        points = [point(name, found) for name, found in plugins.items()]
        groups = {"zoo.animals": points}
        monkeypatch.setattr(registry_module, "entry_points", lambda group: groups[group])
        return Registry("animal", {"dog": Dog}, Animal, "zoo.animals")

    return registry


def refusal(registry: Registry[Any], name: str) -> str:
    with pytest.raises(LookupError) as raised:
        registry.find(name)
    return str(raised.value)


def test_a_built_in_class(make: Make) -> None:
    assert Dog is make().find("dog")


def test_a_plug_in(make: Make) -> None:
    registry = make(puppy=Dog)
    assert Dog is registry.find("puppy")
    assert ["dog", "puppy"] == registry.names


def test_a_plug_in_is_loaded_only_when_it_is_named(make: Make) -> None:
    registry = make(broken=ImportError("boom"))
    assert Dog is registry.find("dog")
    expected = 'the animal "broken" of broken-dist is broken: boom'
    assert expected == refusal(registry, "broken")


@pytest.mark.parametrize("found", [Rock, Dog(), "dog"])
def test_a_plug_in_of_another_kind(found: object, make: Make) -> None:
    expected = '"odd" is not a animal: it must be a Animal'
    assert expected == refusal(make(odd=found), "odd")


def test_a_plug_in_may_not_take_the_name_of_a_built_in_class(make: Make) -> None:
    expected = 'the animal "dog" is built in, and dog-dist brings another of that name'
    assert expected == refusal(make(dog=Dog), "dog")


def test_a_broken_plug_in_of_no_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("odd", "no_such_module_at_all:X", "zoo.animals")
    monkeypatch.setattr(registry_module, "entry_points", lambda **_: [point])
    assert (
        'the animal "odd" of an unknown distribution is broken: '
        "No module named 'no_such_module_at_all'"
    ) == refusal(Registry("animal", {}, Animal, "zoo.animals"), "odd")


def test_an_unknown_name(make: Make) -> None:
    registry = make(hamster=Dog)
    assert 'no animal named "dogg"; did you mean "dog"?' == refusal(registry, "dogg")
    assert 'no animal named "hamste"; did you mean "hamster"?' == refusal(registry, "hamste")
    assert 'no animal named "zzz"' == refusal(registry, "zzz")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Writes an importable module."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)

    return write


def test_a_class_of_a_module(make: Make, module: Callable[[str, str], None]) -> None:
    module("zoo_good", "class Cat: pass\n")
    registry: Registry[object] = Registry("thing", {}, object, "zoo.none")
    assert "Cat" == registry.find("zoo_good:Cat").__name__
    expected = '"zoo_good:Cat" is not a animal: it must be a Animal'
    assert expected == refusal(make(), "zoo_good:Cat")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("zoo_nowhere:Cat", "No module named 'zoo_nowhere'"),
        ("json:Cat", "module 'json' has no attribute 'Cat'"),
    ],
)
def test_a_module_or_class_that_is_not_there(name: str, why: str, make: Make) -> None:
    assert f'cannot load "{name}": {why}' == refusal(make(), name)


@pytest.mark.parametrize("name", [":Cat", ".zoo:Cat", "zoo_raises:Cat", "zoo_no_python:Cat"])
def test_any_reason_for_which_a_module_cannot_be_imported_is_told(
    name: str, make: Make, module: Callable[[str, str], None]
) -> None:
    module("zoo_raises", 'raise RuntimeError("boom")\n')
    module("zoo_no_python", "class\n")
    assert refusal(make(), name).startswith(f'cannot load "{name}": ')


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("auht", '; did you mean "auth"?'),
        ("auth_", '; did you mean "auth"?'),
        ("dispach", '; did you mean "dispatch"?'),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_hints(name: str, hint: str) -> None:
    assert hint == did_you_mean(name, ["auth", "dispatch"])


def test_an_abstract_class_is_refused() -> None:
    registry = Registry[Stage[StageOptions]]("stage", {}, Stage, "llm_proxy.none")
    with pytest.raises(LookupError, match="is abstract: a stage must define its methods"):
        registry.find("llm_proxy.pipeline.stage:Gate")


def test_a_module_that_tries_to_leave(make: Make, module: Callable[[str, str], None]) -> None:
    module("zoo_leaves", "import sys; sys.exit(7)\n")
    assert refusal(make(), "zoo_leaves:Cat").startswith('cannot load "zoo_leaves:Cat": 7')
