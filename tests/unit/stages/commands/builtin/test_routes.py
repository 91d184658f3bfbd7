"""Commands that edit what a model's name stands for."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.exchange import Caller
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.session_state import NOTHING, SessionState
from llm_proxy.stages.commands.command import CommandError, Desk
from tests.support.stages import asking
from tests.unit.stages.commands.desks import (
    ROUTES,
    desk,
    desk_without_session,
    refused,
    run,
    stored,
)

IN_THE_FILE = {name: tuple(map(str, targets)) for name, targets in ROUTES.items()}


def edited(**routes: tuple[str, ...]) -> SessionState:
    return SessionState(routes=routes)


async def test_the_routes_of_the_file_are_listed() -> None:
    assert await run(desk(), "route-list") == ("- m stands for x:a → y:b\n- o stands for y:b")


async def test_edited_routes_are_marked() -> None:
    at = desk(edited(m=("x:c",), o=(), new=("y:d", "x:a")))
    assert await run(at, "route-list") == (
        "- m stands for x:c (edited in this conversation)\n"
        "- o stands for itself (edited in this conversation)\n"
        "- new stands for y:d → x:a (edited in this conversation)"
    )


@pytest.mark.parametrize(
    ("name", "expected"), [("m", "- m stands for x:a → y:b"), ("gpt", "- gpt stands for itself")]
)
async def test_one_route_is_listed(name: str, expected: str) -> None:
    assert await run(desk(), "route-list", name) == expected


async def test_where_there_are_no_routes_it_tells_how_to_make_one() -> None:
    assert await run(desk(routes={}), "route-list") == (
        "There are no routes. !/route-append(name, backend:model) makes one."
    )


@pytest.mark.parametrize(
    ("command", "args", "targets"),
    [
        ("route-append", ("m", "x:c"), ("x:a", "y:b", "x:c")),
        ("route-append", ("m", "x:c", "x:d", "x:c"), ("x:a", "y:b", "x:c", "x:d")),
        ("route-append", ("m", "x:a"), ("y:b", "x:a")),
        ("route-append", ("m", "a"), ("y:b", "x:a")),
        ("route-append", ("new", "plain"), ("x:plain",)),
        ("route-append", ("x:a", "y:b"), ("y:b",)),
        ("route-prepend", ("m", "x:c"), ("x:c", "x:a", "y:b")),
        ("route-prepend", ("m", "x:d", "y:b"), ("x:d", "y:b", "x:a")),
        ("route-prepend", ("new", "llama3:8b"), ("x:llama3:8b",)),
        ("route-clear", ("m",), ()),
    ],
)
async def test_a_route_is_edited(
    command: str, args: tuple[str, ...], targets: tuple[str, ...]
) -> None:
    at = desk()
    said = await run(at, command, *args)
    told = " → ".join(targets) or "itself"
    assert said == f"{args[0]} stands for {told} (edited in this conversation)."
    assert at.state == edited(**{args[0]: targets})


async def test_a_route_that_is_again_as_in_the_file_is_not_edited() -> None:
    at = desk(edited(o=()))
    await run(at, "route-append", "m", "x:a")
    assert await run(at, "route-append", "m", "y:b") == "m stands for x:a → y:b."
    assert at.state == edited(o=())


async def test_a_new_route_that_is_cleared_is_none_any_more() -> None:
    at = desk(edited(new=("x:c",)))
    assert await run(at, "route-clear", "new") == "new stands for itself."
    assert at.state == NOTHING


async def test_clear_without_a_name_takes_all_edits_back() -> None:
    at = desk(edited(m=(), new=("x:c",)))
    assert await run(at, "route-clear") == "All routes are as the file says."
    assert at.state == NOTHING


@pytest.mark.parametrize(
    ("command", "args", "expected"),
    [
        ("route-append", (), "write !/route-append(name, backend:model)"),
        ("route-append", ("m",), "write !/route-append(name, backend:model)"),
        ("route-prepend", ("m", ""), "write !/route-prepend(name, backend:model)"),
        ("route-prepend", ("", "x:a"), "write !/route-prepend(name, backend:model)"),
        ("route-append", ("m", "z:a"), 'the backend "z" is off: it has no key'),
        ("route-append", ("m", "x:"), "which model of x? Write x:model"),
        ("route-append", ("m", "x:c", "o"), '"o" is not one target; write backend:model'),
        ("route-append", ("m", "x:c|x:d"), '"x:c|x:d" is not one target; write backend:model'),
        ("route-append", ("m", "x" * 513), "the name of the model is too long"),
        ("route-append", ("m\nn", "x:a"), "name: one line, please, without control characters"),
        (
            "route-prepend",
            ("m", *(f"x:{n}" for n in range(15))),
            "at most 16 targets in a route, please",
        ),
        ("route-clear", ("gpt",), '"gpt" is no route; !/route-list shows them'),
        ("route-clear", ("",), "the name is empty; see !/help(route-clear)"),
        ("route-list", ("m", "o"), "route-list takes one name at most; see !/help(route-list)"),
    ],
)
async def test_what_is_no_edit(command: str, args: tuple[str, ...], expected: str) -> None:
    assert await refused(desk(), command, *args) == expected


async def test_targets_are_given_by_their_place() -> None:
    expected = "write !/route-append(name, backend:model)"
    assert await refused(desk(), "route-append", "m", "x:c", target="x:d") == expected


async def test_there_is_an_end_to_edited_routes() -> None:
    at = desk(SessionState(routes={f"r{n}": ("x:a",) for n in range(50)}))
    expected = "at most 50 edited routes, please"
    assert await refused(at, "route-append", "m", "x:c") == expected
    await run(at, "route-append", "r7", "x:c")
    assert at.state.routes["r7"] == ("x:a", "x:c")


async def test_without_a_session_no_route_is_edited() -> None:
    expected = "nothing can be remembered: this chain has no session stage"
    assert await refused(desk_without_session(), "route-append", "m", "x:c") == expected
    assert await refused(desk_without_session(), "route-clear") == expected


Edit = tuple[str, list[str]]

TARGETS = st.sampled_from(["x:a", "y:b", "x:c", "a", "llama3:8b", "z:off", "m", "new", "", "x:"])
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["route-append", "route-prepend", "route-clear"]),
        st.tuples(st.sampled_from(["m", "o", "new", "x:a"]), st.lists(TARGETS, max_size=3)).map(
            lambda both: [both[0], *both[1]]
        ),
    ),
    max_size=8,
)


async def make(at: Desk, edits: Sequence[Edit]) -> None:
    for command, args in edits:
        try:
            await run(at, command, *args)
        except CommandError:
            continue


@given(EDITS)
async def test_after_any_edits_every_route_can_be_tried_and_stored(edits: Sequence[Edit]) -> None:
    at = desk()
    await make(at, edits)
    assert stored(at.state) == at.state
    for name, targets in at.state.routes.items():
        assert len(set(targets)) == len(targets)
        assert targets != IN_THE_FILE.get(name, ())
        for target in targets:
            assert str(at.kit.target_of(target)) == target
            assert at.kit.target_of(target).backend in at.kit.backends


@given(EDITS, st.sampled_from(["m", "new"]), st.sampled_from(["x:q", "y:q"]))
async def test_an_edit_puts_its_target_where_it_says(
    edits: Sequence[Edit], name: str, target: str
) -> None:
    at = desk()
    await make(at, edits)
    before = at.state.routes.get(name, IN_THE_FILE.get(name, ()))
    await run(at, "route-prepend", name, target)
    assert at.state.routes[name] == (target, *before)
    await run(at, "route-append", name, target)
    assert at.state.routes.get(name, IN_THE_FILE.get(name)) == (*before, target)


@given(EDITS)
async def test_clearing_takes_any_edits_back(edits: Sequence[Edit]) -> None:
    at = desk()
    await make(at, edits)
    await run(at, "route-clear")
    assert at.state == NOTHING


async def test_only_what_the_caller_may_ask_is_shown_and_edited() -> None:
    caller = Caller("c", "acme", Grants(models=("a", "c")))
    at = desk(exchange=replace(asking(), caller=caller))
    assert await run(at, "route-list") == "- m stands for x:a"
    await run(at, "route-append", "m", "x:c")
    assert at.state.routes == {"m": ("x:a", "x:c")}
    assert await refused(at, "route-append", "m", "y:b") == "you may not ask y:b"
