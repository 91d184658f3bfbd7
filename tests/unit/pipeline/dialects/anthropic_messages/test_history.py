from llm_proxy.pipeline.dialects.anthropic_messages.history import (
    EARLIER,
    UNSIGNED,
    calls_without_thinking,
    with_sendable_thinking,
)
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.seals import FOREIGN
from llm_proxy.pipeline.dialects.turns import Turn
from llm_proxy.pipeline.parts import Part, Reasoning, Seal, Text, ToolCall
from llm_proxy.pipeline.request import ChatRequest, Message

BLOCK = {"type": "thinking", "thinking": "x", "signature": "E"}
OWN = Reasoning("x", Seal("anthropic_messages", BLOCK, "us"))
NATIVE = Reasoning("x", Seal("anthropic_messages", BLOCK), BLOCK)
OTHER = Reasoning("y", Seal("gemini", {}, "google"))
BARE = Reasoning("z", origin={"type": "thinking"})
CALL = ToolCall("a", "f", "{}")


def kept(*turns: tuple[Part, ...], keeps_unsigned: bool = False) -> tuple[list[str], list[str]]:
    """Which thoughts are kept, by their texts, and what is told."""
    losses = Losses()
    messages = [Message("assistant", parts) for parts in turns]
    request = with_sendable_thinking(
        ChatRequest("m", messages), "us", losses, keeps_unsigned=keeps_unsigned
    )
    parts = [part for message in request.messages for part in message.parts]
    told = [loss.removeprefix("dropped ") for loss in losses.told]
    return [part.text for part in parts if isinstance(part, Reasoning)], told


def test_a_request_of_its_own_thoughts_is_the_same() -> None:
    request = ChatRequest("m", [Message("assistant", (NATIVE, CALL)), Message("user", ())])
    assert request is with_sendable_thinking(request, "us", Losses())


def test_thoughts_go_from_the_front() -> None:
    assert (["x"], [EARLIER, FOREIGN]) == kept((OWN, CALL), (OTHER, CALL), (OWN, CALL))
    assert ([], [EARLIER, FOREIGN]) == kept((OWN, CALL), (NATIVE, OTHER, CALL))
    assert (["x"], [FOREIGN]) == kept((OTHER, NATIVE, CALL))


def test_an_unsigned_thought_is_one_that_cannot_be_sent() -> None:
    assert (["x"], [EARLIER, UNSIGNED]) == kept((OWN,), (BARE, CALL), (OWN,))
    assert (["x", "z", "x"], []) == kept((OWN,), (BARE,), (OWN,), keeps_unsigned=True)


def test_a_text_beside_its_signature_is_the_same_thought() -> None:
    assert (["x", "x"], []) == kept((Reasoning("x"), OWN, CALL), (Reasoning("x"), OWN))


def test_the_state_of_a_call_counts_too() -> None:
    call = ToolCall("a", "f", "{}", seal=Seal("gemini", {}, "google", "a"))
    assert ([], [EARLIER, FOREIGN]) == kept((OWN,), (call,))


def test_an_empty_turn_goes_and_one_that_came_empty_stays() -> None:
    messages = [Message("assistant", (OTHER,)), Message("user", ()), Message("user", (Text("q"),))]
    request = with_sendable_thinking(ChatRequest("m", messages), "us", Losses())
    assert messages[1:] == list(request.messages)


def test_which_calls_have_no_thought_before_them() -> None:
    user = Turn("user", (Text("q"),))
    assert not calls_without_thinking([user])
    assert calls_without_thinking([user, Turn("assistant", (Text("t"), CALL)), user])
    assert not calls_without_thinking([user, Turn("assistant", (OWN, CALL)), user])
    later = Turn("assistant", (Text("t"),))
    assert calls_without_thinking([Turn("assistant", (CALL,)), user, later])
    pieces = [Message("assistant", (OWN,)), Message("assistant", (CALL,))]
    assert not calls_without_thinking(pieces)
