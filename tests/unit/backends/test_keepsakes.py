"""State that clients lose."""

from dataclasses import replace

from llm_proxy.backends.keepsakes import Collected, Keepsakes
from llm_proxy.pipeline.events import ReasoningState, TextDelta, ToolCallStart
from llm_proxy.pipeline.exchange import Caller
from llm_proxy.pipeline.parts import Reasoning, Seal, Text, ToolCall
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.pipeline.state.memory import MemoryStore
from tests.support.stages import asking

SEAL = Seal("d", {"s": "1"}, "maker", "c1")


def keepsakes(store: MemoryStore, caller: str = "a") -> Keepsakes:
    return Keepsakes(store, replace(asking(), caller=Caller(caller)))


def history(*parts: Text | Reasoning | ToolCall, last: str = "") -> ChatRequest:
    messages = [Message("user", (Text("hi"),)), Message("assistant", parts)]
    if last:
        messages.append(Message("user", (Text(last),)))
    return ChatRequest("m", messages)


def test_what_came_before_a_call_belongs_to_it() -> None:
    collected = Collected()
    other = replace(SEAL, call=None)
    for event in (
        ReasoningState(SEAL),
        TextDelta("x"),
        ReasoningState(other),
        ToolCallStart(0, "c1", "f"),
        ToolCallStart(1, "c2", "f"),
    ):
        assert list(collected(event)) == [event]
    assert collected.by_call == {"c1": [SEAL, other]}


async def test_lost_state_is_given_back_before_its_call() -> None:
    store = MemoryStore(lambda: 0.0)
    await keepsakes(store).keep([SEAL], "c1")
    call = ToolCall("c1", "f", "{}")
    given = await keepsakes(store).given_back(history(Text("t"), call))
    assert given.messages[1].parts == (Text("t"), Reasoning("", SEAL), call)


async def test_state_that_the_client_kept_is_left_alone() -> None:
    store = MemoryStore(lambda: 0.0)
    await keepsakes(store).keep([SEAL], "c1")
    request = history(Reasoning("", SEAL), ToolCall("c1", "f", "{}"))
    given = await keepsakes(store).given_back(request)
    assert list(given.messages) == list(request.messages)


async def test_another_callers_state_is_never_given() -> None:
    store = MemoryStore(lambda: 0.0)
    await keepsakes(store, "a").keep([SEAL], "c1")
    request = history(ToolCall("c1", "f", "{}"))
    given = await keepsakes(store, "b").given_back(request)
    assert list(given.messages) == list(request.messages)


async def test_before_the_users_last_word_nothing_is_looked_up() -> None:
    store = MemoryStore(lambda: 0.0)
    await keepsakes(store).keep([SEAL], "c1")
    request = history(ToolCall("c1", "f", "{}"), last="next")
    given = await keepsakes(store).given_back(request)
    assert list(given.messages) == list(request.messages)


NATIVE = Seal("d", {"type": "thinking", "thinking": "plan", "signature": "a-long-signature"})


async def test_state_that_another_vendor_of_the_dialect_made_is_marked_as_its() -> None:
    store = MemoryStore(lambda: 0.0)
    await keepsakes(store).attribute([replace(NATIVE, maker="one")])
    request = history(Reasoning("plan", NATIVE), ToolCall("c1", "f", "{}"))

    marked = await keepsakes(store).attributed(request, "other")
    (reasoning, _) = marked.messages[1].parts
    assert isinstance(reasoning, Reasoning)
    assert reasoning.seal == replace(NATIVE, maker="one")
    assert marked.messages[0] is request.messages[0]


async def test_a_vendors_own_state_and_nobodys_stay_as_they_came() -> None:
    store = MemoryStore(lambda: 0.0)
    request = history(Reasoning("plan", NATIVE))
    assert await keepsakes(store).attributed(request, "other") is request
    await keepsakes(store).attribute([replace(NATIVE, maker="one")])
    assert await keepsakes(store).attributed(request, "one") is request
    assert await keepsakes(store, "b").attributed(request, "other") is request


async def test_state_is_known_again_whatever_fields_stand_beside_it() -> None:
    store = MemoryStore(lambda: 0.0)
    await keepsakes(store).attribute([replace(NATIVE, maker="one")])
    changed = replace(NATIVE, block={**NATIVE.block, "status": None, "x": [1]})
    request = history(Reasoning("plan", changed))
    assert await keepsakes(store).attributed(request, "other") is not request
