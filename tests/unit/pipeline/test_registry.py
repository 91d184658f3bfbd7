"""From a name to a class."""

from typing import Any

import pytest

from llm_proxy.pipeline import registry as registry_module
from llm_proxy.pipeline.registry import EntryPoint, Registry, did_you_mean
from llm_proxy.pipeline.stage import Stage, StageOptions
from tests.support.plugins import Plugins

GROUP = "zoo.animals"


class Animal:
    """The base."""


class Dog(Animal):
    """A class of the kind."""


def zoo() -> Registry[Animal]:
    return Registry("animal", {"dog": Dog}, Animal, GROUP)


def refusal(name: str, registry: Registry[Any] | None = None) -> str:
    with pytest.raises(LookupError) as raised:
        (registry or zoo()).find(name)
    return str(raised.value)


def test_a_built_in_class() -> None:
    assert Dog is zoo().find("dog")


def test_a_plugin(plugins: Plugins) -> None:
    plugins.install("farm", GROUP, {"puppy": "zoo_puppies:Puppy"})
    plugins.module("zoo_puppies", "class Puppy(dict): pass\n")
    registry = Registry[Any]("mapping", {"dict": dict}, dict, GROUP)
    assert "Puppy" == registry.find("puppy").__name__
    assert ["dict", "puppy"] == registry.names
    assert 'the mapping "puppy" of farm' == registry.title("puppy")
    assert 'the mapping "dict"' == registry.title("dict")


def test_a_plugin_is_loaded_only_when_it_is_named(plugins: Plugins) -> None:
    plugins.install("farm", GROUP, {"broken": "zoo_nowhere:Cat"})
    registry = zoo()
    assert Dog is registry.find("dog")
    assert (
        'the animal "broken" of farm cannot be loaded: '
        "ModuleNotFoundError: No module named 'zoo_nowhere'"
    ) == refusal("broken", registry)


def test_what_is_wrong_with_what_nobody_needs(plugins: Plugins) -> None:
    plugins.install("farm", GROUP, {"b": "zoo_nowhere:Cat", "needed": "json:x", "dog": "json:x"})
    registry = zoo()
    refusal("needed", registry)
    nowhere = "ModuleNotFoundError: No module named 'zoo_nowhere'"
    assert [
        f'the animal "b" of farm cannot be loaded: {nowhere}',
        'the animal "dog" is built in, and farm brings another of that name',
    ] == list(registry.unneeded_problems())


def test_a_plugin_may_not_take_the_name_of_a_built_in_class(plugins: Plugins) -> None:
    plugins.install("farm", GROUP, {"dog": "json:JSONDecoder"})
    expected = 'the animal "dog" is built in, and farm brings another of that name'
    assert expected == refusal("dog")
    assert ["dog"] == zoo().names


def test_two_distributions_may_not_bring_the_same_name(plugins: Plugins) -> None:
    plugins.install("ranch", GROUP, {"cow": "json:JSONDecoder"})
    plugins.install("farm", GROUP, {"cow": "json:JSONDecoder"})
    assert (
        'the animal "cow" is brought by farm and ranch: only one of them can be installed'
    ) == refusal("cow")


def test_a_broken_plugin_of_no_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("odd", "json:Cat", GROUP)
    monkeypatch.setattr(registry_module, "entry_points", lambda **_: [point])
    assert (
        'the animal "odd" of an unknown distribution cannot be loaded: '
        "AttributeError: module 'json' has no attribute 'Cat'"
    ) == refusal("odd")


def test_an_unknown_name(plugins: Plugins) -> None:
    plugins.install("farm", GROUP, {"hamster": "json:x"})
    assert 'no animal named "dogg"; did you mean "dog"?' == refusal("dogg")
    assert 'no animal named "hamste"; did you mean "hamster"?' == refusal("hamste")
    assert 'no animal named "zzz"' == refusal("zzz")


def test_a_class_of_a_module(plugins: Plugins) -> None:
    plugins.module("zoo_good", "class Cat: pass\n")
    registry: Registry[object] = Registry("thing", {}, object, "zoo.none")
    assert "Cat" == registry.find("zoo_good:Cat").__name__


WRONG = [
    ("zoo_nowhere:Cat", "cannot be loaded: ModuleNotFoundError: No module named 'zoo_nowhere'"),
    ("json:Cat", "cannot be loaded: AttributeError: module 'json' has no attribute 'Cat'"),
    ("zoo_raises:Cat", "cannot be loaded: RuntimeError: boom and more"),
    ("zoo_leaves:Cat", "cannot be loaded: SystemExit: 7"),
    (
        "zoo_no_python:Cat",
        "cannot be loaded: SyntaxError: invalid syntax (zoo_no_python.py, line 1)",
    ),
    ("json:JSONDecoder", "is no subclass of Animal"),
    ("json:loads", "is no subclass of Animal"),
    ("json:__name__", "is no subclass of Animal"),
]


@pytest.fixture
def broken_modules(plugins: Plugins) -> None:
    plugins.module("zoo_raises", 'raise RuntimeError("boom\\nand more")\n')
    plugins.module("zoo_no_python", "class\n")
    plugins.module("zoo_leaves", "import sys; sys.exit(7)\n")


@pytest.mark.usefixtures("broken_modules")
@pytest.mark.parametrize(("path", "why"), WRONG)
def test_all_that_can_be_wrong_with_a_module(path: str, why: str) -> None:
    assert f'the animal "{path}" {why}' == refusal(path)


@pytest.mark.usefixtures("broken_modules")
@pytest.mark.parametrize(("path", "why"), WRONG)
def test_all_that_can_be_wrong_with_a_plugin(path: str, why: str, plugins: Plugins) -> None:
    plugins.install("odd-farm", GROUP, {"odd": path})
    assert f'the animal "odd" of odd-farm {why}' == refusal("odd")


@pytest.mark.parametrize("name", [":Cat", ".zoo:Cat", "json:", ":"])
def test_half_a_name(name: str) -> None:
    assert refusal(name).startswith(f'the animal "{name}" cannot be loaded: ')


def test_an_abstract_class_is_refused() -> None:
    registry = Registry[Stage[StageOptions]]("stage", {}, Stage, "llm_proxy.none")
    assert (
        'the stage "llm_proxy.pipeline.stage:Gate" is abstract: it must define admit'
    ) == refusal("llm_proxy.pipeline.stage:Gate", registry)


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
