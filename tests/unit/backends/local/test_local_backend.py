"""The backend that is its own vendor."""

from collections.abc import Sequence
from typing import Any
from unittest.mock import Mock

import pytest

from llm_proxy.backends.local import Local
from llm_proxy.backends.local.models import MODELS, error_of_model
from llm_proxy.pipeline.backend import BackendKit
from llm_proxy.pipeline.continuing import continuing
from llm_proxy.pipeline.errors import (
    Fault,
    Kind,
    UpstreamBroken,
    UpstreamError,
    UpstreamRefused,
    UpstreamUnavailable,
)
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.request import Tool
from llm_proxy.pipeline.state.memory import MemoryStore
from tests.support.clock import Clock
from tests.support.stages import asking, text_of

THOUGHT = "2 words were said. I repeat them."


class Machine:
    """A local backend whose time passes by itself."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        kit = BackendKit(Mock(), MemoryStore(self.clock), self.clock.sleep)
        self.backend = Local("here", Local.Options.model_validate(options), kit)

    async def send(self, model: str, text: str = "one two three", **request: Any) -> Reply:
        return await self.backend.send(asking(text, **request), model)

    async def events(self, model: str, text: str = "one two three", **request: Any) -> list[Event]:
        """All events but the first, which names the answer and differs each time."""
        reply = await self.send(model, text, **request)
        start, *rest = [event async for batch in reply for event in batch]
        assert isinstance(start, Start)
        assert model == start.model
        return rest


def words(*texts: str) -> list[Event]:
    return [TextDelta(text) for text in texts]


def ending(tokens_in: int, tokens_out: int, reason: Any = "stop") -> list[Event]:
    return [Finish(reason), Usage(tokens_in, tokens_out), End()]


async def test_echo_repeats_what_was_said_word_by_word() -> None:
    expected = [*words("one", " two", " three"), *ending(3, 3)]
    assert expected == await Machine().events("echo")


@pytest.mark.parametrize("text", ["", " a\n\n  b ", "äöü 😀"])
async def test_echo_changes_nothing_of_it(text: str) -> None:
    expected = text or "(nothing was said)"
    assert expected == text_of(await Machine().events("echo", text))


async def test_an_answer_that_broke_off_elsewhere_is_gone_on_with() -> None:
    asked = continuing(asking("one two three four").request, "one two")
    said = await Machine().events("echo", messages=asked.messages)
    assert text_of(said) == " three four"


async def test_the_answer_is_at_its_head_at_once_and_names_who_gives_it() -> None:
    machine = Machine()
    reply = await machine.send("slow")
    assert Head("here", "slow") == reply.head
    assert machine.clock.slept == []


async def test_each_word_comes_alone() -> None:
    batches = [batch async for batch in await Machine().send("echo")]
    assert [len(batch) for batch in batches] == [1, 1, 1, 1, 3]


@pytest.mark.parametrize(
    ("limit", "said", "reason"),
    [
        (1, ["one"], "length"),
        (2, ["one", " two"], "length"),
        (3, ["one", " two", " three"], "stop"),
        (99, ["one", " two", " three"], "stop"),
    ],
)
async def test_max_tokens_ends_it(limit: int, said: Sequence[str], reason: str) -> None:
    expected = [*words(*said), *ending(3, len(said), reason)]
    assert expected == await Machine().events("echo", params={"max_tokens": limit})


async def test_slow_pauses_before_each_word() -> None:
    machine = Machine(pace="500ms")
    reply = await machine.send("slow")
    pauses: list[int] = []
    async for batch in reply:
        if isinstance(batch[0], TextDelta):
            pauses.append(len(machine.clock.slept))
            machine.clock.slept.clear()
            machine.clock.slept.append(0.5)
    assert len(pauses) == 3
    assert all(pauses)
    assert {0.5} == set(machine.clock.slept)


async def test_the_others_never_pause() -> None:
    machine = Machine()
    for model in ("echo", "think", "think-tags"):
        await machine.events(model)
    assert machine.clock.slept == []


async def test_think_gives_its_reasoning_first() -> None:
    expected = [ReasoningDelta(THOUGHT), *words("one", " two"), *ending(2, 2)]
    assert expected == await Machine().events("think", "one two")


async def test_think_tags_gives_it_in_tags() -> None:
    events = await Machine().events("think-tags", "one two")
    assert text_of(events) == f"<think>{THOUGHT}</think>\n\none two"
    assert not any(isinstance(event, ReasoningDelta) for event in events)


async def test_loop_says_the_same_again_and_again() -> None:
    events = await Machine().events("loop")
    sentence = "I have told you this before and I will tell you again. "
    assert sentence * 500 == text_of(events)
    assert Finish("stop") in events


@pytest.mark.parametrize(
    ("text", "said"),
    [("1 2 3 4 5", ["1", " 2", " 3"]), ("1 2 3", ["1", " 2", " 3"]), ("1", ["1"])],
)
async def test_cut_breaks_off_after_three_words(text: str, said: Sequence[str]) -> None:
    *spoken, last = await Machine().events("cut", text)
    assert words(*said) == spoken
    assert isinstance(last, Failure)
    assert type(last.error) is UpstreamBroken
    assert last.error.message == "the local backend broke off, as it was asked to"


async def test_stall_falls_silent_after_three_words() -> None:
    machine = Machine()
    reply = await machine.send("stall", "1 2 3 4 5")
    heard = [event for _ in range(4) for event in await anext(reply)]
    assert words("1", " 2", " 3") == heard[1:]
    assert machine.clock.slept == []
    await anext(reply)
    assert machine.clock.slept == [86400.0]


async def test_hang_never_shows_anything() -> None:
    machine = Machine()
    with pytest.raises(UpstreamBroken):  # a day later
        await (await machine.send("hang")).primed()
    assert machine.clock.slept == [86400.0]


async def test_an_error_comes_instead_of_an_answer() -> None:
    with pytest.raises(UpstreamUnavailable) as caught:
        await Machine().send("error-503")
    assert (caught.value.status, caught.value.retry_after) == (503, 1.0)


@pytest.mark.parametrize(("model", "said"), [("cut-0", []), ("cut-1", ["1"])])
async def test_it_breaks_off_before_or_after_the_first_word(
    model: str, said: Sequence[str]
) -> None:
    *spoken, last = await Machine().events(model, "1 2 3")
    assert words(*said) == spoken
    assert isinstance(last, Failure)
    assert type(last.error) is UpstreamBroken


@pytest.mark.parametrize(("model", "said"), [("stall-0", []), ("stall-1", ["1"])])
async def test_it_falls_silent_before_or_after_the_first_word(
    model: str, said: Sequence[str]
) -> None:
    machine = Machine()
    reply = await machine.send(model, "1 2 3")
    heard = [event for _ in range(1 + len(said)) for event in await anext(reply)]
    assert words(*said) == heard[1:]
    assert machine.clock.slept == []
    await anext(reply)
    assert machine.clock.slept == [86400.0]


@pytest.mark.parametrize(("model", "reason"), [("empty", "stop"), ("content-filter",) * 2])
async def test_it_may_say_nothing(model: str, reason: str) -> None:
    expected = ending(3, 0, reason.replace("-", "_"))
    assert expected == await Machine().events(model)


@pytest.mark.parametrize("model", [name for name in MODELS if not error_of_model(name)])
async def test_every_model_on_the_list_answers(model: str) -> None:
    reply = await Machine().send(model)
    assert isinstance((await anext(reply))[0], Start)


async def test_a_model_it_does_not_have_is_not_found() -> None:
    with pytest.raises(UpstreamRefused) as caught:
        await Machine().send("ecco")
    error = caught.value
    assert (error.kind, error.status, error.fault) == (Kind.NOT_FOUND, 404, Fault.NOT_FOUND)
    assert error.message.startswith('the backend "here" has no model "ecco"; did you mean "echo"?')
    assert isinstance(error, UpstreamError)


async def test_a_tool_that_is_asked_for_is_called_in_place_of_words() -> None:
    call, *rest = await Machine().events("echo", "use lookup now", tools=[Tool("lookup")])
    assert isinstance(call, ToolCallStart)
    assert (call.index, call.name) == (0, "lookup")
    delta, end, finish, usage, last = rest
    assert [ToolCallDelta(0, "{}"), ToolCallEnd(0), Finish("tool_calls"), End()] == [
        *(delta, end, finish),
        last,
    ]
    assert isinstance(usage, Usage)
    assert usage.input_tokens == 3


async def test_it_lists_its_models() -> None:
    assert list(MODELS) == await Machine().backend.models()


def test_it_is_never_off() -> None:
    assert Local.Options().why_off() is None
