"""What a file lets a client ask for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llm_proxy.lab.routes import ANY_MODEL, Route, routes_of
from llm_proxy.load import DEFAULT_FILE, read_plan
from llm_proxy.pipeline.trace import Target
from tests.unit.lab.plans import plan_of

Toml = Callable[[str], Path]


def test_each_route_at_the_first_path_of_its_chain(toml: Toml) -> None:
    (route,) = routes_of(plan_of(toml))
    targets = (Target("one", "gpt-5"), Target("two", "claude-opus-5"))
    assert Route("/v1/chat/completions", "best", targets) == route
    assert str(route) == '"best" at /v1/chat/completions: one:gpt-5 → two:claude-opus-5'


def test_the_files_own() -> None:
    assert [route.model for route in routes_of(read_plan(DEFAULT_FILE, {}))] == [
        "gpt-4",
        "failover-demo",
    ]


@pytest.mark.parametrize("stages", ['"dispatch"', '"failover", "dispatch"'])
def test_a_chain_without_a_route_asks_the_default_backend(toml: Toml, stages: str) -> None:
    text = f'[pipelines.a]\nserves = ["/v1beta"]\nstages = [{stages}]\n'
    (route,) = routes_of(plan_of(toml, text))
    assert Route("/v1beta", ANY_MODEL, (Target("local", ANY_MODEL),)) == route


def test_a_chain_that_serves_nothing_is_not_asked(toml: Toml) -> None:
    assert routes_of(plan_of(toml, '[pipelines.a]\nserves = []\nstages = ["dispatch"]\n')) == []


@pytest.mark.parametrize(
    ("target", "targets", "first"),
    [
        (Target("a", "x"), (Target("a", "x"), Target("b", "y")), True),
        (Target("a", "renamed"), (Target("a", "x"), Target("b", "y")), True),
        (Target("b", "y"), (Target("a", "x"), Target("b", "y")), False),
        (Target("a", "x"), (Target("a", "x"), Target("a", "y")), True),
        (Target("a", "y"), (Target("a", "x"), Target("a", "y")), False),
        (Target("a", "x"), (Target("a", "models/x"), Target("a", "y")), True),
        (Target("a", "x"), (Target("a", "x"), Target("a", "x")), True),
    ],
)
def test_which_target_is_the_first(
    target: Target, targets: tuple[Target, ...], *, first: bool
) -> None:
    assert Route("/v1/messages", "r", targets).is_first(target) is first
