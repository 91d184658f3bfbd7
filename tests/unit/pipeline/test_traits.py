from typing import Any, get_args

import pytest
from pydantic import ValidationError

from llm_proxy.pipeline import params, traits
from llm_proxy.pipeline.traits import Traits


def test_without_facts_a_model_takes_what_most_servers_take() -> None:
    made = Traits()
    assert ("max_tokens", "full", "full") == (
        made.max_tokens_field,
        made.sampling,
        made.tool_choice,
    )
    assert (False, False, {}) == (made.openai_fields, made.custom_tools, made.extra_body)


def test_efforts_are_the_same_words_everywhere() -> None:
    assert get_args(params.Effort) == get_args(traits.Effort)
    assert {*Traits().efforts, "none"} == set(get_args(traits.Effort))


def test_facts_are_not_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        Traits().top_k = False  # type: ignore[misc]


@pytest.mark.parametrize(
    "facts",
    [{"samplings": "none"}, {"sampling": "half"}, {"efforts": ["turbo"]}, {"extra_body": []}],
)
def test_what_is_no_fact_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Traits.model_validate(facts)


def test_every_fact_says_what_it_means() -> None:
    assert all(field.description for field in Traits.model_fields.values())
