"""Pitfalls of a request's settings, its tools and its pictures."""

import base64

import orjson
import pytest

from llm_proxy.pipeline.errors import Untranslatable
from tests.matrix.bodies import (
    CHAT_TOOLS,
    MESSAGES_TOOLS,
    PNG,
    RESPONSES_TOOLS,
    SCHEMA,
    chat,
    chat_tool,
    gemini,
    messages,
    responses,
)
from tests.matrix.pitfalls import C, G, Json, M, R, sent, written

BUDGETED = "claude-sonnet-4-5"
ADAPTIVE = "claude-opus-4-7"


def test_08_new_claude_models_get_no_temperature() -> None:
    for model in (ADAPTIVE, "claude-opus-5"):
        body = sent(C, chat(temperature=1, top_p=1), M, model)
        assert not {"temperature", "top_p", "top_k"} & body.keys()
    assert "dropped temperature" in str(written(C, chat(temperature=0.5), M, ADAPTIVE).losses)


def test_09_a_temperature_above_one_is_clamped_for_anthropic() -> None:
    assert sent(C, chat(temperature=1.5), M, BUDGETED)["temperature"] == 1


@pytest.mark.parametrize("limit", [{}, {"max_tokens": None}])
def test_10_anthropic_always_gets_max_tokens(limit: Json) -> None:
    assert sent(C, chat(**limit), M)["max_tokens"] > 1000


def test_11_a_probe_with_one_token_asks_responses_for_sixteen() -> None:
    assert sent(M, messages() | {"max_tokens": 1}, R)["max_output_tokens"] == 16


def test_12_openai_gets_the_newer_name_of_the_limit_and_imitations_the_older() -> None:
    for client, body in ((M, messages()), (R, responses(max_output_tokens=4000))):
        new = sent(client, body, C)
        assert (new.get("max_completion_tokens"), new.get("max_tokens")) == (4000, None)
        old = sent(client, body, C, "m", "compatible")
        assert (old.get("max_completion_tokens"), old.get("max_tokens")) == (None, 4000)


def test_35_each_claude_line_gets_its_own_form_of_thinking() -> None:
    body = chat(reasoning_effort="high")
    assert sent(C, body, M, ADAPTIVE)["thinking"]["type"] == "adaptive"
    assert sent(C, body, M, BUDGETED)["thinking"]["type"] == "enabled"
    assert "thinking" not in sent(C, body, M, "claude-3-5-sonnet-latest")


@pytest.mark.parametrize("limit", [1, 1000, 1024, 1025, 2000, 20000, None])
@pytest.mark.parametrize("effort", ["minimal", "low", "high", "max"])
def test_36_a_budget_is_at_least_1024_and_below_the_limit(limit: int | None, effort: str) -> None:
    body = sent(C, chat(reasoning_effort=effort, max_tokens=limit), M, BUDGETED)
    budget = body.get("thinking", {}).get("budget_tokens")
    assert budget is None or 1024 <= budget < body["max_tokens"]
    assert (budget is None) == (limit is not None and limit <= 1024)


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "f"}}])
@pytest.mark.parametrize("model", [ADAPTIVE, BUDGETED])
def test_37_a_forced_tool_goes_without_thinking(choice: Json, model: str) -> None:
    body = chat(tools=CHAT_TOOLS, tool_choice=choice, reasoning_effort="high")
    new = sent(C, body, M, model)
    assert new["tool_choice"]["type"] in ("any", "tool")
    assert new.get("thinking", {"type": "disabled"}) == {"type": "disabled"}
    always = sent(C, body, M, "claude-fable-1")
    assert always["tool_choice"]["type"] == "auto"


def test_38_gemini_gets_schemas_where_any_keyword_may_stand() -> None:
    schema = {
        **SCHEMA,
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {
            "n": {"type": "integer", "exclusiveMinimum": 0},
            "c": {"const": 1},
            "l": {"type": "array", "uniqueItems": True},
            "o": {"type": "object", "propertyNames": {"pattern": "a"}},
        },
    }
    (tool,) = sent(C, chat(tools=[chat_tool(parameters=schema)]), G)["tools"]
    (declaration,) = tool["functionDeclarations"]
    assert "parameters" not in declaration
    assert "$schema" not in declaration["parametersJsonSchema"]


def test_39_a_property_named_like_a_keyword_stays() -> None:
    named = {key: {"type": "string"} for key in ("format", "$id", "title", "$schema", "$comment")}
    schema = {"type": "object", "properties": named}
    (tool,) = sent(C, chat(tools=[chat_tool(parameters=schema)]), G)["tools"]
    assert tool["functionDeclarations"][0]["parametersJsonSchema"]["properties"] == named


@pytest.mark.parametrize("schema", [None, {}, {"type": "object", "properties": {}}])
def test_40_a_tool_without_arguments_is_legal_everywhere(schema: Json) -> None:
    function = {"name": "f"} if schema is None else {"name": "f", "parameters": schema}
    body = chat(tools=[{"type": "function", "function": function}])
    assert sent(C, body, M)["tools"][0]["input_schema"]["type"] == "object"
    assert sent(C, body, R)["tools"][0]["parameters"]["type"] == "object"
    (declaration,) = sent(C, body, G)["tools"][0]["functionDeclarations"]
    assert not {"parameters", "parametersJsonSchema"} & declaration.keys()


def test_41_tools_of_responses_say_that_they_are_not_strict() -> None:
    loose = {"type": "object", "properties": {"a": {"type": "string"}}}
    for client, body in (
        (C, chat(tools=[chat_tool(), chat_tool(parameters=loose, strict=True)])),
        (M, messages(tools=MESSAGES_TOOLS)),
    ):
        assert {tool["strict"] for tool in sent(client, body, R)["tools"]} == {False}
    assert sent(C, chat(tools=[chat_tool(strict=True)]), R)["tools"][0]["strict"] is True


def test_42_what_is_flat_in_responses_is_nested_in_chat() -> None:
    grammar = {"syntax": "lark", "definition": "start: A"}
    format_ = {"name": "answer", "schema": SCHEMA, "strict": True}
    nested = chat(
        tools=[
            chat_tool(),
            {
                "type": "custom",
                "custom": {"name": "c", "format": {"type": "grammar", "grammar": grammar}},
            },
        ],
        response_format={"type": "json_schema", "json_schema": format_},
    )
    flat = sent(C, nested, R)
    assert flat["text"]["format"] == {"type": "json_schema", **format_}
    assert flat["tools"][0]["name"] == "f"
    assert flat["tools"][1]["format"] == {"type": "grammar", **grammar}
    again = sent(R, {**responses(), "tools": flat["tools"], "text": flat["text"]}, C)
    assert again["response_format"] == nested["response_format"]
    assert again["tools"][1]["custom"]["format"]["grammar"] == grammar
    assert again["tools"][0]["function"]["name"] == "f"


def test_52_base64_of_geminis_alphabet_is_written_in_the_standard_one() -> None:
    raw = base64.b64decode(PNG) + b"\xff\xfe\xfb" * 3
    inline = {"mimeType": "image/png", "data": base64.urlsafe_b64encode(raw).decode()}
    body = gemini({"inlineData": inline})
    standard = base64.b64encode(raw).decode()
    assert standard != inline["data"]
    for vendor in (C, R, M):
        assert standard in orjson.dumps(sent(G, body, vendor)).decode()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("data:image/png;charset=x;base64,", "image/png"),
        ("data:image/png;BASE64,", "image/png"),
        ("DATA:IMAGE/PNG;base64,", "image/png"),
        ("data:image/jpg;base64,", "image/jpeg"),
    ],
)
def test_53_data_urls_are_read_however_they_are_written(head: str, kind: str) -> None:
    data = "/9j/4AAQ" if kind == "image/jpeg" else PNG
    image = {"type": "image_url", "image_url": {"url": head + data}}
    source = sent(C, chat(image), M)["messages"][0]["content"][0]["source"]
    assert source == {"type": "base64", "media_type": kind, "data": data}
    inline = sent(C, chat(image), G)["contents"][0]["parts"][0]["inlineData"]
    assert inline == {"mimeType": kind, "data": data}


def test_54_gemini_bodies_in_snake_case_are_understood() -> None:
    body = {
        "system_instruction": {"parts": [{"text": "be kind"}]},
        "contents": [
            {"parts": [{"text": "hi"}, {"inline_data": {"mime_type": "image/png", "data": PNG}}]}
        ],
        "tools": [{"function_declarations": [{"name": "f", "parameters_json_schema": SCHEMA}]}],
        "tool_config": {
            "function_calling_config": {"mode": "ANY", "allowed_function_names": ["f"]}
        },
        "generation_config": {"max_output_tokens": 99, "stop_sequences": ["END"]},
    }
    sent_ = sent(G, body, C, "m", "compatible")
    assert sent_["messages"][0] == {"role": "system", "content": "be kind"}
    assert sent_["messages"][1]["content"][1]["image_url"]["url"].endswith(PNG)
    assert sent_["tools"][0]["function"]["parameters"] == SCHEMA
    assert sent_["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert (sent_["max_tokens"], sent_["stop"]) == (99, ["END"])


def test_59_names_that_openai_refuses_are_mapped_in_every_place() -> None:
    for name in ("a.b:c", "x" * 100):
        body = gemini(
            after=[
                {"role": "model", "parts": [{"functionCall": {"name": name, "args": {}}}]},
                {
                    "role": "user",
                    "parts": [{"functionResponse": {"name": name, "response": {"output": "1"}}}],
                },
            ],
            tools=[{"functionDeclarations": [{"name": name}]}],
            toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [name]}},
        )
        for vendor in (C, R):
            told = written(G, body, vendor)
            ((short, long),) = told.names.items()
            assert long == name
            assert len(short) <= 64
            assert short.replace("_", "").isalnum()
            assert name not in told.body.decode()
            assert told.body.decode().count(short) == 3


@pytest.mark.parametrize("vendor", [C, R])
def test_61_a_long_id_of_a_user_is_hashed(vendor: str) -> None:
    body = sent(M, messages(metadata={"user_id": "u" * 150}), vendor)
    assert len(body.get("user") or body["safety_identifier"]) == 64


def test_64_stops_are_a_list_of_as_many_as_the_vendor_takes() -> None:
    assert sent(C, chat(stop="END"), M)["stop_sequences"] == ["END"]
    assert sent(C, chat(stop="END"), G)["generationConfig"]["stopSequences"] == ["END"]
    assert sent(C, chat(stop=["\n", " ", "END"]), M)["stop_sequences"] == ["END"]
    assert "stop_sequences" not in sent(C, chat(stop="\n\n"), M)
    many = [str(n) for n in range(9)]
    assert sent(C, chat(stop=many), G)["generationConfig"]["stopSequences"] == many[:5]
    assert sent(M, messages(stop_sequences=many), C, "gpt-4o")["stop"] == many[:4]


@pytest.mark.parametrize("vendor", [R, M])
@pytest.mark.parametrize("fields", [{"n": 2}, {"logprobs": True}, {"logprobs": True, "n": 1}])
def test_66_what_no_answer_can_hold_is_refused(fields: Json, vendor: str) -> None:
    with pytest.raises(Untranslatable):
        sent(C, chat(**fields), vendor)


def test_66_so_are_recordings_where_they_are_not_taken() -> None:
    audio = {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}
    with pytest.raises(Untranslatable):
        sent(C, chat(audio), M)


def test_74_gemini_gets_no_penalties() -> None:
    told = written(C, chat(presence_penalty=1, frequency_penalty=0.5), G)
    assert b"enalty" not in told.body
    assert len(told.losses) == 2


def test_76_a_picture_is_image_jpeg_at_anthropic() -> None:
    image = {"type": "input_image", "image_url": "data:image/jpg;base64,/9j/4AAQ"}
    block = sent(R, responses(image), M)["messages"][0]["content"][0]
    assert block["source"]["media_type"] == "image/jpeg"
    inline = {"inlineData": {"mimeType": "image/jpg", "data": "AAAA"}}
    block = sent(G, gemini(inline), M)["messages"][0]["content"][0]
    assert block["source"]["media_type"] == "image/jpeg"


def test_77_imitations_get_no_field_that_they_do_not_know() -> None:
    marked = {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    raw = messages(marked, tools=MESSAGES_TOOLS, tool_choice=choice, metadata={"user_id": "u"})
    known = {"model", "messages", "max_tokens", "tools", "tool_choice"}
    assert sent(M, raw, C, "m", "compatible").keys() <= known
    part = {"type": "input_text", "text": "hi", "prompt_cache_breakpoint": {"mode": "explicit"}}
    more = responses(part, tools=RESPONSES_TOOLS, parallel_tool_calls=True, prompt_cache_key="k")
    text = orjson.dumps(sent(R, more, C, "m", "compatible"))
    for word in (b"strict", b"cache", b"parallel", b"user_id"):
        assert word not in text


def test_70_zai_is_asked_to_stream_arguments() -> None:
    assert sent(M, messages(), C, "glm-5", "zai")["tool_stream"] is True


def test_26_a_chat_vendor_is_asked_for_its_counts_whatever_the_client_wants() -> None:
    for client, body in ((M, messages()), (R, responses())):
        streams = {**body, "stream": True}
        assert sent(client, streams, C)["stream_options"] == {"include_usage": True}
