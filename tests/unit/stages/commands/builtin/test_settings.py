"""Commands that set what is added to each request."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.params import PARAMS
from llm_proxy.pipeline.session_state import NOTHING, SessionState
from llm_proxy.stages.commands.command import CommandError
from tests.unit.stages.commands.desks import desk, desk_without_session, refused, run, stored

SET = SessionState("x:a", params={"temperature": 0.5, "seed": 7})


async def test_set_keeps_values_of_the_right_type() -> None:
    at = desk()
    said = await run(at, "set", temperature="0.5", max_tokens="1000", reasoning_effort="low")
    assert said == "Set temperature = 0.5, max_tokens = 1000, reasoning_effort = low."
    assert at.state.params == {"temperature": 0.5, "max_tokens": 1000, "reasoning_effort": "low"}
    assert [type(value) for value in at.state.params.values()] == [float, int, str]


async def test_set_adds_to_what_is_set() -> None:
    at = desk(SET)
    await run(at, "set", temperature="1", top_p="0.9")
    params = {"temperature": 1.0, "seed": 7, "top_p": 0.9}
    assert at.state == SessionState("x:a", params=params)
    assert SET.params == {"temperature": 0.5, "seed": 7}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("max_completion_tokens", "max_tokens"),
        ("Max-Tokens", "max_tokens"),
        ("thinking_budget", "reasoning_budget"),
        ("thinking-budget", "reasoning_budget"),
    ],
)
async def test_parameters_have_other_names_too(written: str, name: str) -> None:
    at = desk()
    await run(at, "set", **{written: "9"})
    assert at.state.params == {name: 9}
    await run(at, "unset", written)
    assert at.state == NOTHING


async def test_how_much_to_think_is_one_wish() -> None:
    at = desk()
    await run(at, "set", effort="high")
    await run(at, "set", thinking_budget="2000")
    assert at.state.params == {"reasoning_budget": 2000}
    await run(at, "set", effort="low")
    assert at.state.params == {"reasoning_effort": "low"}


async def test_a_suffix_is_kept_beside_the_parameters() -> None:
    at = desk()
    said = await run(at, "set", suffix="Be brief.\nBe kind.", seed="1")
    assert said == 'Set system_suffix = "Be brief. Be kind.", seed = 1.'
    assert at.state == SessionState(params={"seed": 1}, system_suffix="Be brief.\nBe kind.")
    await run(at, "set", system_suffix="Be long.")
    assert at.state == SessionState(params={"seed": 1}, system_suffix="Be long.")


async def test_a_long_suffix_is_not_said_again_in_full() -> None:
    said = await run(desk(), "set", suffix="word " * 1000)
    assert len(said) < 300


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("temperature", "3", "temperature should be less than or equal to 2"),
        ("temperature", "-0.1", "temperature should be greater than or equal to 0"),
        ("max_tokens", "0", "max_tokens should be greater than or equal to 1"),
        ("verbosity", "loud", "verbosity should be 'low', 'medium' or 'high'"),
        ("temprature", "1", 'there is no parameter "temprature"; did you mean "temperature"?'),
        ("model", "x", 'there is no parameter "model"'),
        ("system_suffix", " ", "system_suffix: an empty text says nothing"),
        ("suffix", "x" * 10_001, "system_suffix: at most 10000 characters"),
        ("suffix", "\0", "system_suffix: no control characters, please"),
    ],
)
async def test_set_says_what_is_wrong(name: str, value: str, expected: str) -> None:
    assert await refused(desk(SET), "set", **{name: value}) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", "warm"),
        ("temperature", "nan"),
        ("temperature", ""),
        ("top_p", "inf"),
        ("max_tokens", "1.5"),
        ("seed", "9" * 25),
        ("seed", "True"),
    ],
)
async def test_set_refuses_what_is_no_number_of_the_kind(name: str, value: str) -> None:
    assert (await refused(desk(SET), "set", **{name: value})).startswith(f"{name} should be")


async def test_set_sets_all_or_nothing() -> None:
    await refused(desk(SET), "set", temperature="1", top_p="7")
    await refused(desk(SET), "set", suffix="Be brief.", top_p="7")


async def test_one_parameter_under_two_names_is_refused() -> None:
    expected = "one parameter is there twice, under two names"
    assert await refused(desk(), "set", max_tokens="1", max_completion_tokens="2") == expected


async def test_set_without_a_value_tells_the_names() -> None:
    expected = f"write !/set(name=value); names: {', '.join(PARAMS)}, system_suffix"
    assert await refused(desk(), "set") == expected
    assert await refused(desk(), "set", "temperature") == expected
    assert await refused(desk(), "set", "temperature", seed="1") == expected


async def test_its_page_names_every_parameter() -> None:
    page = await run(desk(), "help", "set")
    assert [name for name in (*PARAMS, "system_suffix") if f"`{name}`" not in page] == []


async def test_unset_forgets_what_it_names() -> None:
    at = desk(SET)
    assert await run(at, "unset", "temperature") == "Forgotten: temperature."
    assert at.state == SessionState("x:a", params={"seed": 7})
    assert await run(at, "unset", "model", "seed", "model") == "Forgotten: model, seed."
    assert at.state == NOTHING


FULL = SessionState(
    model="x:a",
    backend="y",
    oneoff="x:b",
    params={"seed": 7},
    system_suffix="Be brief.",
    routes={"m": ("x:a",)},
    loop_detection="off",
    project="p",
    project_dir="/srv",
)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("model", ["model"]),
        ("backend", ["backend"]),
        ("oneoff", ["oneoff"]),
        ("system-suffix", ["system_suffix"]),
        ("suffix", ["system_suffix"]),
        ("routes", ["routes"]),
        ("loop-detection", ["loop_detection"]),
        ("project", ["project", "project_dir"]),
        ("project-dir", ["project_dir"]),
    ],
)
async def test_unset_forgets_what_other_commands_have_set(name: str, fields: list[str]) -> None:
    at = desk(FULL)
    await run(at, "unset", name)
    changed = [
        field
        for field in SessionState.__slots__
        if getattr(at.state, field) != getattr(FULL, field)
    ]
    assert changed == fields
    assert [getattr(at.state, field) for field in fields] == [
        getattr(NOTHING, field) for field in fields
    ]


async def test_unset_alone_forgets_everything() -> None:
    at = desk(FULL)
    assert await run(at, "unset") == "Everything that was set is forgotten."
    assert at.state == NOTHING


async def test_unset_forgives_a_value_and_what_was_not_set() -> None:
    at = desk(SET)
    assert await run(at, "unset", temperature="1") == "Forgotten: temperature."
    assert await run(at, "unset", "top_p") == "Forgotten: top_p."
    assert at.state == SessionState("x:a", params={"seed": 7})


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("temperature", "modle"), 'there is no parameter "modle"; did you mean "model"?'),
        (("account",), 'there is no parameter "account"'),
        (("",), 'there is no parameter ""'),
    ],
)
async def test_unset_of_what_there_is_not(names: tuple[str, ...], expected: str) -> None:
    assert await refused(desk(SET), "unset", *names) == expected


async def test_without_a_session_nothing_is_set() -> None:
    expected = "nothing can be remembered: this chain has no session stage"
    assert await refused(desk_without_session(), "set", seed="1") == expected
    assert await refused(desk_without_session(), "unset") == expected


LIKELY = st.one_of(
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=20),
    st.sampled_from(["low", "high", "none", "1_0", " 1 ", "1e2", "-0", "٣"]),
)
NAMES = st.sampled_from([*PARAMS, "system_suffix"])
GIVEN = st.dictionaries(NAMES, LIKELY, min_size=1, max_size=4)


async def accepted(at: Any, given_: Mapping[str, str]) -> bool:
    try:
        await run(at, "set", **given_)
    except CommandError:
        return False
    return True


@given(GIVEN)
async def test_whatever_is_accepted_can_be_stored_and_read(given_: Mapping[str, str]) -> None:
    at = desk(SET)
    await accepted(at, given_)
    assert stored(at.state) == at.state


@given(GIVEN, st.sampled_from([NOTHING, SET]))
async def test_set_and_then_unset_is_as_before(
    given_: Mapping[str, str], before: SessionState
) -> None:
    at = desk(before)
    if await accepted(at, given_):
        await run(at, "unset", *given_)
        untouched = {name: v for name, v in before.params.items() if name not in given_}
        assert at.state == SessionState(before.model, params=untouched)
