"""Settings of other dialects' clients, as this dialect's vendors take them."""

from typing import Any

import orjson
import pytest

from llm_proxy.pipeline.dialects.dialect import Recipient
from llm_proxy.pipeline.dialects.openai_chat.write_request import write_request
from llm_proxy.pipeline.errors import Untranslatable
from tests.unit.pipeline.dialects.openai_chat.translated import (
    CLOSED,
    HI,
    OPENAI,
    PLAIN,
    SCHEMA,
    asked,
    asked_json,
    body_of,
    said,
    settings_of,
    write,
)


def test_the_least_request() -> None:
    assert PLAIN == body_of(asked())
    assert () == write(asked()).losses


def test_a_stream_is_asked_for_its_usage() -> None:
    expected = {"stream": True, "stream_options": {"include_usage": True}}
    assert expected == settings_of(asked(stream=True))
    silent = write_request(asked(stream=True), Recipient("m", stream_usage=False))
    assert {**PLAIN, "stream": True} == orjson.loads(silent.body)


@pytest.mark.parametrize(
    ("params", "traits", "expected", "losses"),
    [
        ({"max_tokens": 9}, {}, {"max_tokens": 9}, ()),
        (
            {"max_tokens": 1},
            OPENAI,
            {"max_completion_tokens": 16},
            ("changed max_tokens: 16",),
        ),
        ({"max_tokens": 7.0}, {}, {"max_tokens": 7}, ()),
        ({"max_tokens": 1e30}, {}, {"max_tokens": 2**31 - 1}, ()),
        ({"temperature": 1.5, "top_p": 0.5}, {}, {"temperature": 1.5, "top_p": 0.5}, ()),
        (
            {"temperature": 1.5},
            {"sampling": "unit"},
            {"temperature": 1},
            ("changed temperature: 1",),
        ),
        (
            {"temperature": 1, "top_p": 1},
            {"sampling": "none"},
            {},
            ("dropped temperature", "dropped top_p"),
        ),
        ({"top_k": 4}, {}, {"top_k": 4}, ()),
        ({"top_k": 4}, OPENAI, {}, ("dropped top_k",)),
        ({"stop": ["a"]}, {}, {"stop": ["a"]}, ()),
        (
            {"stop": list("abcde")},
            OPENAI,
            {"stop": list("abcd")},
            ("changed stop: the first 4 sequences",),
        ),
        ({"stop": "abc"}, {}, {"stop": ["abc"]}, ()),
        ({"seed": 0, "n": 1}, {}, {"seed": 0}, ()),
        ({"presence_penalty": 1}, {}, {"presence_penalty": 1}, ()),
        (
            {"presence_penalty": 1},
            {"penalties": False},
            {},
            ("dropped presence_penalty",),
        ),
        ({"verbosity": "low"}, {}, {}, ("dropped verbosity",)),
        (
            {"metadata": {"a": "b"}, "service_tier": "flex", "verbosity": "low", "store": False},
            OPENAI,
            {"metadata": {"a": "b"}, "service_tier": "flex", "verbosity": "low", "store": False},
            (),
        ),
        ({"store": True, "reasoning_summary": True}, {}, {}, ()),
        ({"user": "u" * 64}, OPENAI, {"user": "u" * 64}, ()),
        ({"user": "u"}, {}, {}, ("dropped user",)),
        ({"context_management": {"edits": []}}, {}, {}, ("dropped context_management",)),
    ],
)
def test_settings(
    params: dict[str, Any], traits: dict[str, Any], expected: object, losses: tuple[str, ...]
) -> None:
    request = asked(**params)
    assert expected == settings_of(request, **traits)
    assert losses == write(request, **traits).losses


def test_a_users_long_id_is_still_one_users_id() -> None:
    ids = [settings_of(asked(user=c * 150), **OPENAI)["user"] for c in "aab"]
    assert [64, 64, 64] == [len(id_) for id_ in ids]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": 2}, "n"),
        ({"logprobs": True, "top_logprobs": 2}, "logprobs"),
        ({"previous_response_id": "r"}, "previous_response_id"),
        ({"mcp_servers": [{}]}, "mcp_servers"),
        ({"cachedContent": "c"}, "cachedContent"),
    ],
)
def test_what_must_not_be_left_out(params: dict[str, Any], param: str) -> None:
    with pytest.raises(Untranslatable) as raised:
        write(asked(**params))
    assert (400, param) == (raised.value.status, raised.value.param)


@pytest.mark.parametrize(
    ("params", "traits", "expected"),
    [
        ({"reasoning_effort": "high"}, {}, {"reasoning_effort": "high"}),
        ({"reasoning_budget": 2000}, {}, {"reasoning_effort": "low"}),
        ({"reasoning_effort": "none"}, {}, {"reasoning_effort": "none"}),
        (
            {"reasoning_effort": "minimal"},
            {"efforts": ["low", "high"]},
            {"reasoning_effort": "low"},
        ),
        ({"reasoning_effort": "high"}, {"thinking": "none"}, {}),
        (
            {"reasoning_effort": "max"},
            {"thinking": "reasoning_object", "efforts": ["low", "high", "xhigh"]},
            {"reasoning": {"effort": "xhigh"}},
        ),
        (
            {"reasoning_effort": "high"},
            {"thinking": "switch"},
            {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
        ),
        (
            {"reasoning_effort": "high"},
            {"thinking": "switch", "efforts": []},
            {"thinking": {"type": "enabled"}},
        ),
        (
            {"reasoning_effort": "none"},
            {"thinking": "switch"},
            {"thinking": {"type": "disabled"}},
        ),
        ({}, {"thinking": "switch"}, {}),
    ],
)
def test_how_much_to_think(params: Any, traits: Any, expected: object) -> None:
    assert expected == settings_of(asked(**params), **traits)


@pytest.mark.parametrize(
    ("schema", "strict", "expected"),
    [(CLOSED, None, True), (CLOSED, False, False), (SCHEMA, None, False), (SCHEMA, True, False)],
)
def test_a_schema_is_strict_only_where_it_can_be(
    *, schema: object, strict: bool | None, expected: bool
) -> None:
    made = settings_of(asked_json(schema=schema, strict=strict))
    fields = {"name": "response", "schema": schema, "strict": expected}
    assert {"response_format": {"type": "json_schema", "json_schema": fields}} == made


def test_a_schemas_name_and_description_are_kept() -> None:
    made = settings_of(asked_json(schema=CLOSED, name="n", description="d"))
    fields = made["response_format"]["json_schema"]
    assert ("n", "d") == (fields["name"], fields["description"])


def test_who_knows_only_objects_is_told_the_schema() -> None:
    body = body_of(asked_json(schema=SCHEMA), structured="object")
    assert {"type": "json_object"} == body["response_format"]
    system, user = body["messages"]
    assert ("system", "user") == (system["role"], user["role"])
    assert orjson.dumps(SCHEMA).decode() in system["content"]


@pytest.mark.parametrize("asked_for", [{"type": "json_object"}, {"type": "json_schema"}])
def test_who_knows_nothing_of_it_is_asked_in_words(asked_for: dict[str, Any]) -> None:
    request = asked(said("system", "S"), HI, response_format=asked_for)
    body = body_of(request, structured="none")
    assert "response_format" not in body
    assert body["messages"][0]["content"].startswith("S\n\nAnswer with one JSON object")


def test_any_object_needs_no_words_where_the_field_is_known() -> None:
    body = body_of(asked(response_format={"type": "json_object"}))
    assert {**PLAIN, "response_format": {"type": "json_object"}} == body
