"""The operator's rules on a request and its answer."""

from typing import Any

import pytest
from pydantic import ValidationError

from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.stages.transform import Transform
from tests.support.stages import Answer, Run, asking, said, text_of

ACME = {"replace": [{"find": "ACME", "with": "us"}]}


def ruled(*rules: dict[str, Any], answer: Answer | None = None) -> Run:
    return Run(Transform, {"rules": list(rules)}, [answer] if answer is not None else [])


async def test_without_a_rule_that_fits_all_goes_on_as_it_came() -> None:
    answer = said("<think>ACME</think>")
    run = ruled({"models": ["other"], "think_tags": True, **ACME}, answer=answer)
    exchange = asking()
    events = await (await run(exchange)).collect()
    assert exchange is run.seen[0]
    assert answer == events


async def test_rules_apply_in_order_each_to_what_the_one_before_made() -> None:
    run = ruled(
        {"models": ["m"], "rename": "n", "set": {"a": 1}},
        {"models": ["m"], "set": {"never": 1}},
        {"models": ["n"], "set": {"a": 2}, "system": "s"},
    )
    exchange = asking()
    await run(exchange)
    request = run.seen[0].request
    assert (request.model, request.params) == ("n", {"a": 2})
    assert [message.role for message in request.messages] == ["system", "user"]
    assert (exchange.request.model, exchange.request.params) == ("m", {})


async def test_a_rule_is_for_the_answer_of_its_own_models_only() -> None:
    run = ruled({"models": ["other"], **ACME}, {"models": ["m"], "set": {"a": 1}})
    run.answers = [said("ACME")]
    assert text_of(await (await run(asking())).collect()) == "ACME"
    assert text_of(await (await run(asking(model="other"))).collect()) == "us"


async def test_replacements_of_several_rules_follow_each_other() -> None:
    second = {"replace": [{"find": "usa", "with": "them"}]}
    run = ruled(ACME, second, answer=said("AC", "ME", "a!"))
    assert text_of(await (await run(asking())).collect()) == "them!"


async def test_thoughts_are_moved_before_texts_are_replaced() -> None:
    answer = said("<thi", "nk>ACME</think>", "\n\nAC", "ME says")
    run = ruled(ACME, {"think_tags": True}, answer=answer)
    events = await (await run(asking())).collect()
    assert ReasoningDelta("ACME") in events
    assert text_of(events) == "us says"


async def test_tool_calls_and_the_end_come_after_text_that_was_held_back() -> None:
    calls: list[Event] = [
        ToolCallStart(0, "c", "ACME"),
        ToolCallDelta(0, '"ACME"'),
        ToolCallEnd(0),
    ]
    end: list[Event] = [Finish("tool_calls"), Usage(1, 1), End()]
    answer = [Start("id", "m", 1), TextDelta("ask AC"), *calls, TextDelta("A"), *end]
    events = await (await ruled(ACME, answer=answer)(asking())).collect()
    texts = [TextDelta("ask "), TextDelta("AC")]
    assert [Start("id", "m", 1), *texts, *calls, TextDelta("A"), *end] == events


async def test_the_steps_of_one_answer_know_nothing_of_another() -> None:
    run = ruled({"think_tags": True, **ACME}, answer=said("<think>a</think>AC"))
    for _ in range(2):
        events = await (await run(asking())).collect()
        assert ReasoningDelta("a") in events
        assert text_of(events) == "AC"


@pytest.mark.parametrize("stream", [False, True])
async def test_whole_and_streamed_answers_are_changed_alike(stream: object) -> None:
    run = ruled(ACME, answer=said("A", "CME"))
    assert text_of(await (await run(asking(stream=stream))).collect()) == "us"


async def test_failures_pass() -> None:
    with pytest.raises(ValueError, match="boom"):
        await ruled(ACME, answer=ValueError("boom"))(asking())


def test_a_rule_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"rules\.0\.sett"):
        ruled({"sett": {}})
