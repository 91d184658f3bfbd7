"""The list of built-in stages."""

import importlib
from pathlib import Path

import pytest

from llm_proxy import stages
from llm_proxy.pipeline.stage import Gate, Stage
from llm_proxy.stages import BUILTIN

CHAIN = [
    "observe",
    "auth",
    "rate_limit",
    "session",
    "commands",
    "loop_detection",
    "transform",
    "cache",
    "failover",
    "dispatch",
]


def test_these_are_built_in_in_the_order_in_which_they_belong() -> None:
    assert list(BUILTIN) == CHAIN


@pytest.mark.parametrize("name", BUILTIN)
def test_each_lives_in_the_module_of_its_name(name: str) -> None:
    module = importlib.import_module(f"llm_proxy.stages.{name}")
    assert BUILTIN[name] is getattr(module, BUILTIN[name].__name__)


def test_every_module_is_in_the_list() -> None:
    folder = Path(stages.__file__).parent
    modules = {path.stem for path in folder.iterdir() if not path.name.startswith("_")}
    assert modules == set(CHAIN)


@pytest.mark.parametrize("name", BUILTIN)
def test_each_can_be_used_without_options_and_explains_those_it_has(name: str) -> None:
    options = BUILTIN[name].Options
    options()
    undescribed = [key for key, field in options.model_fields.items() if not field.description]
    assert undescribed == []


@pytest.mark.parametrize("name", BUILTIN)
def test_each_stands_behind_what_it_needs(name: str) -> None:
    before = CHAIN[: CHAIN.index(name)]
    provided = frozenset[str]().union(*(BUILTIN[other].provides for other in before))
    assert BUILTIN[name].requires <= provided


def test_only_the_last_ends_the_chain_and_only_auth_is_a_door() -> None:
    assert [name for name in CHAIN if BUILTIN[name].last] == ["dispatch"]
    assert [name for name in CHAIN if issubclass(BUILTIN[name], Gate)] == ["auth"]
    assert all(issubclass(stage, Stage) for stage in BUILTIN.values())
