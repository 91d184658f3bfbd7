import orjson
import pytest

from bench.cases import BIG, chat, messages, paced


@pytest.mark.parametrize("size", [1_000, 100_000, 1_100_000])
def test_a_body_is_as_long_as_asked(size: int) -> None:
    assert len(chat(size=size)) == pytest.approx(size, rel=0.15)


def test_turns_take_turns() -> None:
    roles = [turn["role"] for turn in orjson.loads(BIG.body)["messages"]]
    assert roles == ["system", *["user", "assistant"] * (len(roles) // 2 - 1), "user"]


def test_the_yardstick_is_asked_what_the_vendor_is_to_see() -> None:
    match = paced(translated=True)
    assert (match.ours.path, match.its.path) == ("/v1/chat/completions", "/v1/messages")
    assert match.its.body == messages("claude-x-paced-20", stream=True)
