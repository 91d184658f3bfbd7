"""What a stage is."""

from typing import Any
from unittest.mock import Mock

import pytest
from pydantic import ValidationError

from llm_proxy.pipeline.errors import Unauthorized
from llm_proxy.pipeline.exchange import Caller, Client, Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Gate, Kit, Next, Stage, StageOptions, Surroundings
from tests.support.stages import Run, asking


class Plain(Stage[Any]):
    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        return await call_next(exchange)


class Door(Gate[Any]):
    async def admit(self, client: Client) -> Caller:
        if client.credential != "k":
            raise Unauthorized("no")
        return Caller("key-1")


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ValidationError) as raised:
        StageOptions.model_validate({"x": 1})
    assert [("extra_forbidden", ("x",))] == [(e["type"], e["loc"]) for e in raised.value.errors()]


def test_options_are_frozen() -> None:
    class Options(StageOptions):
        size: int = 1

    options = Options()
    with pytest.raises(ValidationError, match="frozen"):
        options.size = 2  # type: ignore[misc]
    assert 1 == options.size


def test_options_have_no_problem_of_themselves() -> None:
    assert [] == list(StageOptions().problems(Surroundings(frozenset(), production=True)))


async def test_a_stage_opens_as_itself_and_hides_no_error() -> None:
    kit, options = Mock(spec=Kit), StageOptions()
    stage = Plain(options, kit)
    assert (options, kit) == (stage.options, stage.kit)
    async with stage as opened:
        assert stage is opened
    with pytest.raises(KeyError):
        async with stage:
            raise KeyError


def test_a_stage_asks_for_nothing_unless_it_says_so() -> None:
    assert (frozenset(), frozenset(), False) == (Plain.provides, Plain.requires, Plain.last)
    assert StageOptions is Plain.Options
    assert frozenset({"caller"}) == Door.provides


async def test_a_gate_passes_the_caller_on_and_notes_it() -> None:
    run = Run(Door)
    exchange = Exchange.of(asking().request, Client(credential="k"))
    await run(exchange)
    [seen] = run.seen
    assert Caller("key-1") == seen.caller
    assert exchange.caller is None
    assert {"caller": "key-1"} == exchange.trace.notes


async def test_a_gate_that_refuses_does_not_call_on() -> None:
    run = Run(Door)
    with pytest.raises(Unauthorized, match=r"^no$"):
        await run(asking())
    assert [] == run.seen
