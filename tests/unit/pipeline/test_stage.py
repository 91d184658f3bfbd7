"""What a stage is."""

from typing import Any
from unittest.mock import Mock

import pytest
from pydantic import ValidationError

from llm_proxy.pipeline.errors import Unauthorized
from llm_proxy.pipeline.exchange import Caller, Client, Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Gate, Kit, Next, Stage, StageOptions, Surroundings
from llm_proxy.pipeline.trace import Target
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


def test_options_give_no_name_a_meaning_unless_they_say_so() -> None:
    assert {} == StageOptions().named_models()


async def test_what_a_stage_tells_is_told_under_its_name_in_the_file() -> None:
    class Tells(Plain):
        async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
            self.tell(exchange, "first")
            self.tell(exchange, "second")
            return await call_next(exchange)

    exchange = asking()
    await Run(Tells, stage="second_limit")(exchange)
    assert [("second_limit", "first"), ("second_limit", "second")] == exchange.trace.decisions


async def test_a_gate_tells_whom_it_let_in() -> None:
    exchange = Exchange.of(asking().request, Client(credential="k"))
    await Run(Door, stage="door")(exchange)
    assert [("door", "let key-1 in")] == exchange.trace.decisions


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("a:m", Target("a", "m")),
        ("a:m:n", Target("a", "m:n")),
        ("off:m", Target("off", "m")),
        ("m", Target("b", "m")),
        ("llama3:8b", Target("b", "llama3:8b")),
        ("a:", Target("b", "a:")),
        ("", Target("b", "")),
    ],
)
def test_a_model_goes_to_the_backend_before_it_or_to_the_default(
    model: str, expected: Target
) -> None:
    backends: Any = {"a": Mock(), "b": Mock()}
    kit = Run(Plain, backends=backends, off={"off": "no key"}, default_backend="b").stage.kit
    assert expected == kit.target_of(model)
