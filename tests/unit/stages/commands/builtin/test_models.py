"""Commands that choose who is asked."""

from dataclasses import replace

import pytest

from llm_proxy.pipeline.exchange import Caller
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.session_state import NOTHING, SessionState
from tests.support.stages import asking
from tests.unit.stages.commands.desks import desk, desk_without_session, refused, run

AT_Y = SessionState(model="x:a", backend="y", params={"seed": 7})


async def test_model_shows_what_is_set() -> None:
    assert await run(desk(), "model") == "No model is set: the client's own choice is used."
    assert await run(desk(AT_Y), "model") == "The model is x:a."


@pytest.mark.parametrize("name", ["plain", "llama3:8b"])
async def test_a_bare_model_is_asked_at_the_backend_that_is_set(name: str) -> None:
    at = desk(AT_Y)
    assert await run(at, "model", name) == f"The model is now {name}."
    assert at.state == SessionState(model=name, backend="y", params={"seed": 7})


@pytest.mark.parametrize("name", ["x:b", "m", "plain|x:b"])
async def test_a_name_that_says_where_takes_the_backends_place(name: str) -> None:
    at = desk(AT_Y)
    await run(at, "model", name=name)
    assert at.state == SessionState(model=name, params={"seed": 7})


async def test_backend_shows_what_there_is() -> None:
    assert await run(desk(), "backend") == "No backend is set. These are on: x, y, yacht."
    assert await run(desk(AT_Y), "backend") == "The backend is y. These are on: x, y, yacht."


async def test_backend_leaves_the_model_as_it_is() -> None:
    at = desk(SessionState(model="x:a"))
    assert await run(at, "backend", "yacht") == "The backend is now yacht."
    assert at.state == SessionState(model="x:a", backend="yacht")


async def test_oneoff_leaves_everything_else_as_it_is() -> None:
    at = desk(AT_Y)
    assert await run(at, "oneoff", "x:c") == "The next request goes to x:c."
    assert at.state == SessionState("x:a", "y", "x:c", params={"seed": 7})


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("model", "yahct:a", 'no backend named "yahct"; did you mean "yacht"?'),
        ("model", "z:a", 'the backend "z" is off: it has no key'),
        ("model", "", "the name is empty; see !/help(model)"),
        ("backend", "yahct", 'no backend named "yahct"; did you mean "yacht"?'),
        ("backend", "", "the name is empty; see !/help(backend)"),
        ("oneoff", "x:", "which model of x? Write x:model"),
        ("oneoff", "", "the name is empty; see !/help(oneoff)"),
    ],
)
async def test_bad_names_are_refused(name: str, given: str, expected: str) -> None:
    assert await refused(desk(AT_Y), name, given) == expected


async def test_oneoff_needs_a_model() -> None:
    assert await refused(desk(), "oneoff") == "which model? Write !/oneoff(name)"


@pytest.mark.parametrize("name", ["model", "backend", "oneoff"])
async def test_without_a_session_nothing_is_set(name: str) -> None:
    expected = "nothing can be remembered: this chain has no session stage"
    at = desk_without_session()
    assert await refused(at, name, "x") == expected
    assert at.state == NOTHING


async def test_only_backends_that_the_caller_may_ask_are_named() -> None:
    caller = Caller("c", "acme", Grants(backends=("y*",)))
    at = desk(exchange=replace(asking(), caller=caller))
    assert await run(at, "backend") == "No backend is set. These are on: y, yacht."
    for name in ("model", "oneoff"):
        assert await refused(at, name, "x:a") == "you may not ask x:a"
