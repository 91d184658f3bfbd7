"""What one rule does to a request."""

from math import inf
from typing import Any

import pytest
from pydantic import ValidationError

from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.stages.transform.rules import Rule
from tests.support.stages import asking

USER = Message("user", (Text("hello"),))


def rule(**fields: Any) -> Rule:
    return Rule.model_validate(fields)


def asked(**fields: Any) -> ChatRequest:
    return asking(**fields).request


@pytest.mark.parametrize(
    ("models", "model", "expected"),
    [
        (["*"], "anything:at/all", True),
        (["gpt-4"], "gpt-4", True),
        (["gpt-4"], "gpt-4o", False),
        (["gpt-*"], "gpt-4o", True),
        (["gpt-*"], "GPT-4", False),
        (["gpt-*"], "openai:gpt-4", False),
        (["*:gpt-*"], "openai:gpt-4", True),
        (["a", "b"], "b", True),
        ([], "a", False),
    ],
)
def test_which_models_a_rule_is_for(models: list[str], model: str, expected: object) -> None:
    assert expected == rule(models=models).fits(model)


def test_a_rule_is_for_all_models_unless_it_names_some() -> None:
    assert rule().fits("any")


@pytest.mark.parametrize("name", ["claude-opus-4[1m]", "what?"])
def test_only_a_star_stands_for_anything(name: str) -> None:
    assert rule(models=[name]).fits(name)
    assert not rule(models=["what?"]).fits("whats")


def test_a_rule_that_says_nothing_changes_nothing() -> None:
    request = asked(params={"temperature": 1})
    assert request is rule().apply(request)


def test_the_model_is_renamed() -> None:
    assert rule(rename="openai:gpt-5").apply(asked(model="gpt-4")).model == "openai:gpt-5"


def test_set_wins_over_what_the_client_sent() -> None:
    request = asked(params={"temperature": 1, "stop": "x"})
    params = rule(set={"temperature": 0.2, "own": [1]}).apply(request).params
    assert params == {"temperature": 0.2, "stop": "x", "own": [1]}
    assert request.params == {"temperature": 1, "stop": "x"}


def test_how_much_to_think_is_one_setting_under_two_names() -> None:
    one = rule(set={"reasoning_effort": "low"})
    assert one.apply(asked(params={"reasoning_budget": 9})).params == {"reasoning_effort": "low"}


def test_a_setting_written_as_text_is_sent_as_a_number() -> None:
    # `set = { temperature = "${TEMPERATURE}" }`: from the environment all values are texts.
    params = rule(set={"temperature": "0.5", "max_tokens": "9"}).apply(asked()).params
    assert params == {"temperature": 0.5, "max_tokens": 9}


def test_drop_leaves_out_also_what_set_put_in() -> None:
    request = asked(params={"logit_bias": {}, "seed": 1})
    assert rule(set={"a": 1}, drop=["logit_bias", "a"]).apply(request).params == {"seed": 1}


@pytest.mark.parametrize(
    ("value", "bounds", "expected"),
    [
        (5000, [1, 4000], 4000),
        (0, [1, 4000], 1),
        (100, [1, 4000], 100),
        (4000, [1, 4000], 4000),
        (2.5, [0, 1], 1.0),
        (0.5, [0, 1], 0.5),
        (-0.1, [0, 1], 0.0),
        (1, [0, 1.5], 1),
        (2, [0, 1.5], 1.5),
        (0, [0.5, 1], 0.5),
        (7, [3, 3], 3),
        (10**30, [0, inf], 10**30),
        (-5, [-inf, 0], -5),
        (True, [2, 3], True),
        ("9", [0, 1], "9"),
        (None, [0, 1], None),
        ([9], [0, 1], [9]),
    ],
)
def test_clamp_keeps_a_number_between_two_and_its_kind(
    value: object, bounds: list[float], expected: object
) -> None:
    kept = rule(clamp={"n": bounds}).apply(asked(params={"n": value})).params["n"]
    assert (expected, type(expected)) == (kept, type(kept))


def test_clamp_adds_nothing_and_holds_for_what_set_puts_in() -> None:
    clamp = {"max_tokens": [1, 4000]}
    assert rule(clamp=clamp).apply(asked()).params == {}
    params = rule(clamp=clamp, set={"max_tokens": 9000}).apply(asked()).params
    assert params == {"max_tokens": 4000}


@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_system_prompt_is_added_to_the_one_there_is(role: str) -> None:
    first = Message(role, (Text("be brief"),), {"name": "x"})  # type: ignore[arg-type]
    request = rule(system="be kind").apply(asked(messages=(first, USER)))
    added, user = request.messages
    assert (role, "be brief\n\nbe kind") == (added.role, added.text)
    assert (added.origin, added.touched) == ({"name": "x"}, True)
    assert user is USER
    assert first.text == "be brief"


def test_a_system_prompt_is_added_to_the_last_text_alone() -> None:
    first = Message("system", (Text("a", {"x": 1}), Text("b", {"y": 2})))
    request = rule(system="be kind").apply(asked(messages=(first, USER)))
    parts = (Text("a", {"x": 1}), Text("b\n\nbe kind", {"y": 2}))
    assert parts == request.messages[0].parts


def test_what_is_cached_stays_as_it_is() -> None:
    first = Message("system", (Text("a", cache="short"),))
    request = rule(system="be kind").apply(asked(messages=(first, USER)))
    assert (Text("a", cache="short"), Text("\n\nbe kind")) == request.messages[0].parts


@pytest.mark.parametrize("parts", [(), (Text(""),)])
def test_an_empty_system_prompt_is_filled(parts: tuple[Text, ...]) -> None:
    request = rule(system="be kind").apply(asked(messages=(Message("system", parts), USER)))
    assert (Text("be kind"),) == request.messages[0].parts


def test_a_system_prompt_is_put_before_all_where_there_is_none() -> None:
    later = Message("system", (Text("later"),))
    request = rule(system="be kind").apply(asked(messages=(USER, later)))
    assert [Message("system", (Text("be kind"),)), USER, later] == list(request.messages)


def test_everything_in_one_rule_is_done() -> None:
    done = rule(
        rename="n", set={"a": 1, "b": 9}, drop=["c"], clamp={"b": [0, 5]}, system="s"
    ).apply(asked(params={"c": 1, "d": 1}))
    assert done.model == "n"
    assert done.params == {"a": 1, "b": 5, "d": 1}
    assert [message.text for message in done.messages] == ["s", "hello"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"set": {"temperature": 3}}, "temperature: Input should be less than or equal to 2"),
        ({"clamp": {"n": [2, 1]}}, "n: nothing is between 2 and 1"),
        ({"replace": [{"find": "", "with": "x"}]}, "at least 1 character"),
        ({"replace": [{"find": "x"}]}, "Field required"),
        ({"nmae": 1}, "Extra inputs are not permitted"),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        rule(**fields)


def test_the_newer_spelling_means_the_same_setting() -> None:
    name = "max_completion_tokens"
    asked_for = asked(params={"max_tokens": 5000})
    assert {"max_tokens": 7} == rule(set={name: 7}).apply(asked_for).params
    assert {"max_tokens": 5} == rule(clamp={name: [1, 5]}).apply(asked_for).params
    assert {} == rule(drop=[name]).apply(asked_for).params


@pytest.mark.parametrize("name", ["model", "messages", "stream", "tools"])
def test_what_is_no_setting_cannot_be_set(name: str) -> None:
    with pytest.raises(ValidationError, match=f"{name} is no setting"):
        rule(set={name: "x"})
