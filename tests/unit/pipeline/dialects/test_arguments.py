import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.arguments import (
    CUSTOM_INPUT,
    CUSTOM_SCHEMA,
    RAW,
    arguments_object,
    arguments_text,
    custom_input,
)
from tests.unit.pipeline.dialects.openai_chat import json_values


@given(st.dictionaries(json_values.texts, json_values.values))
def test_an_object_is_that_object(arguments: dict[str, object]) -> None:
    assert arguments == arguments_object(json.dumps(arguments))


@given(st.text())
def test_any_text_is_an_object_with_nothing_lost(text: str) -> None:
    made = arguments_object(text)
    assert made in ({}, {RAW: text}) or made == json.loads(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        (" \n", {}),
        ("{}", {}),
        ("null", {RAW: "null"}),
        ("[1]", {RAW: "[1]"}),
        ('"a"', {RAW: '"a"'}),
        ('{"a":', {RAW: '{"a":'}),
        ('{"a":1} and so on', {"a": 1}),
        ('{"a":1}}', {"a": 1}),
        ('```json\n{"a":1}\n```', {"a": 1}),
        (' ```\n{"a":1}\n``` ', {"a": 1}),
        ('{"a":1}{"b":2}', {RAW: '{"a":1}{"b":2}'}),
        ("```json\nnonsense\n```", {RAW: "```json\nnonsense\n```"}),
        ("[" * 100_000, {RAW: "[" * 100_000}),
    ],
)
def test_what_models_write_instead_of_an_object(text: str, expected: dict[str, object]) -> None:
    assert expected == arguments_object(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("", "{}"), (" ", "{}"), ('{"a":1}', '{"a":1}'), ("no JSON", "no JSON")]
)
def test_arguments_as_text(text: str, expected: str) -> None:
    assert expected == arguments_text(text)


@given(st.text(st.characters(codec="utf-8")))
def test_free_text_goes_into_an_argument_and_comes_out_again(text: str) -> None:
    assert {CUSTOM_INPUT: text} == arguments_object(text, custom=True)
    assert text == custom_input(arguments_text(text, custom=True))
    assert [CUSTOM_INPUT] == CUSTOM_SCHEMA["required"]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"input":5}', '{"other":"a"}'])
def test_free_text_that_did_not_keep_to_the_schema_is_all_there_is(text: str) -> None:
    assert text == custom_input(text)
