from typing import Any

import pytest

from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.settings import (
    leave_out,
    refuse,
    refuse_what_is_kept_elsewhere,
    refuse_what_no_answer_can_hold,
    set_by_rules,
)
from llm_proxy.pipeline.errors import Fault, Kind, Untranslatable
from llm_proxy.pipeline.parts import OpaquePart, Text
from llm_proxy.pipeline.request import ChatRequest, Source


def asked(**params: Any) -> ChatRequest:
    source = Source("d", b"", {}, (), params, (), None)
    return ChatRequest("m", (), params=params, source=source)


def told(request: ChatRequest, *said: str) -> tuple[str, ...]:
    losses = Losses()
    leave_out(request, said, losses)
    return losses.told


def test_what_is_said_is_no_loss() -> None:
    assert () == told(asked(seed=1, stop=["a"]), "seed", "stop")


def test_what_is_not_said_is_told() -> None:
    assert ("dropped seed", "dropped x_new") == told(asked(seed=1, x_new=5))


@pytest.mark.parametrize("value", [None, False, "", [], {}])
def test_a_setting_that_says_nothing_is_no_loss(value: object) -> None:
    assert () == told(asked(audio=value, seed=value))


@pytest.mark.parametrize("value", [0, 0.0, True, "a", [0]])
def test_a_setting_that_says_something_is_one(value: object) -> None:
    assert ("dropped seed",) == told(asked(seed=value))


@pytest.mark.parametrize(
    "name",
    [
        "previous_response_id",
        "conversation",
        "background",
        "mcp_servers",
        "cachedContent",
        "audio",
        "functions",
    ],
)
def test_what_is_part_of_the_question_is_not_left_out(name: str) -> None:
    with pytest.raises(Untranslatable) as raised:
        told(asked(**{name: "x"}))
    error = raised.value
    assert (name, Kind.BAD_REQUEST, 400, Fault.UNTRANSLATABLE) == (
        error.param,
        error.kind,
        error.status,
        error.fault,
    )
    assert f"{name} cannot be said to this backend" == error.message
    assert () == told(asked(**{name: "x"}), name)


def test_what_a_rule_has_added_is_no_loss_of_the_clients() -> None:
    request = asked(seed=1).with_param("chat_template_kwargs", {"a": 1})
    assert ("dropped seed",) == told(request)
    assert [("chat_template_kwargs", {"a": 1})] == list(set_by_rules(request, ("temperature",)))


def test_what_a_rule_has_set_and_the_writer_says_is_not_added_again() -> None:
    request = asked().with_param("temperature", 1)
    assert [] == list(set_by_rules(request, ("temperature",)))


def test_all_settings_of_a_request_of_our_own_are_words_of_the_vendors() -> None:
    request = ChatRequest("m", (), params={"x": 1, "seed": 2})
    assert [("x", 1)] == list(set_by_rules(request, ("seed",)))
    assert () == told(request)


@pytest.mark.parametrize(
    "params",
    [{}, {"n": None}, {"n": 1}, {"n": "2"}, {"logprobs": False, "top_logprobs": 0}],
)
def test_what_every_answer_can_hold(params: dict[str, Any]) -> None:
    refuse_what_no_answer_can_hold(params)


@pytest.mark.parametrize(("name", "value"), [("n", 2), ("logprobs", True), ("top_logprobs", 1)])
def test_what_no_translated_answer_can_hold(name: str, value: object) -> None:
    with pytest.raises(Untranslatable) as raised:
        refuse_what_no_answer_can_hold({name: value})
    assert (name, 400) == (raised.value.param, raised.value.status)


def test_fields_about_the_sending_are_no_loss() -> None:
    assert () == told(asked(include=["x"], stream_options={"a": 1}, client_metadata={"a": 1}))


def test_a_part_that_lies_at_its_own_vendor_is_refused() -> None:
    refuse_what_is_kept_elsewhere([Text("a"), OpaquePart({}, "video")])
    for kind in ("item_reference", "compaction"):
        with pytest.raises(Untranslatable, match=kind) as raised:
            refuse_what_is_kept_elsewhere([Text("a"), OpaquePart({}, kind)])
        assert "input" == raised.value.param


def test_a_refusal_says_why() -> None:
    assert "n is odd" == refuse("n", "is odd").message
