"""What a session has set, put into a request."""

from typing import Any

import pytest

from llm_proxy.pipeline.session_state import NOTHING, SessionState
from llm_proxy.stages.commands.applied import applied, asked_model
from tests.support.stages import asking
from tests.unit.stages.commands.desks import kit


def test_where_nothing_is_set_the_request_stays_itself() -> None:
    request = asking().request
    assert applied(request, NOTHING, kit()) is request


@pytest.mark.parametrize(
    ("state", "name", "expected"),
    [
        (NOTHING, "gpt", "gpt"),
        (SessionState(model="x:a"), "gpt", "x:a"),
        (SessionState(backend="y"), "gpt", "y:gpt"),
        (SessionState(backend="y"), "x:gpt", "y:gpt"),
        (SessionState(backend="y"), "z:gpt", "y:gpt"),
        (SessionState(backend="y"), "llama3:8b", "y:llama3:8b"),
        (SessionState(backend="y"), "x:", "y:x:"),
        (SessionState(backend="y"), "x:a | z:b|c", "y:a|y:b|y:c"),
        (SessionState(backend="y"), "x:a|z:a", "y:a"),
        (SessionState(backend="y"), "x:a||x:b", "x:a||x:b"),
        (SessionState(backend="y"), "m", "y:m"),
        (SessionState(backend="y", model="x:a"), "gpt", "y:a"),
        (SessionState(backend="y", model="x:a", oneoff="z:b"), "gpt", "z:b"),
    ],
)
def test_which_model_is_asked(state: SessionState, name: str, expected: str) -> None:
    assert asked_model(name, state, kit()) == expected
    assert applied(asking(model=name).request, state, kit()).model == expected


@pytest.mark.parametrize(
    ("asked", "wanted", "expected"),
    [
        (
            {"temperature": 1, "stop": ["x"]},
            {"temperature": 0.5},
            {"temperature": 0.5, "stop": ["x"]},
        ),
        ({}, {"seed": 1}, {"seed": 1}),
        ({"reasoning_effort": "low"}, {"reasoning_budget": 9}, {"reasoning_budget": 9}),
        ({"reasoning_budget": 9}, {"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        ({"reasoning_budget": 9}, {"seed": 1}, {"reasoning_budget": 9, "seed": 1}),
    ],
)
def test_parameters_go_over_those_of_the_client(
    asked: dict[str, Any], wanted: dict[str, Any], expected: dict[str, Any]
) -> None:
    request = asking(params=asked).request
    before = dict(asked)
    assert applied(request, SessionState(params=wanted), kit()).params == expected
    assert request.params == before


def test_a_suffix_goes_to_the_system_prompt() -> None:
    request = applied(asking("hi").request, SessionState(system_suffix="Be brief."), kit())
    assert [(m.role, m.text) for m in request.messages] == [("system", "Be brief."), ("user", "hi")]
