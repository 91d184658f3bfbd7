"""An agent that has made the same tool call again and again, as the client of each dialect."""

from typing import Any

from tests.support.talk import body

_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
_ARGUMENTS = ('{"city": "Rome"}', '{"city":"Rome"}')
RESULT = "It rains."

_TURNS = {"openai_responses": "input", "gemini": "contents"}


def agent(dialect: str, times: int, *, stream: bool = False) -> dict[str, Any]:
    """Its next request, after `times` calls of `weather` that all gave the same."""
    request = body(dialect, "Will it rain?", stream=stream)
    request[_TURNS.get(dialect, "messages")] += [
        turn for number in range(times) for turn in _call(dialect, number)
    ]
    return {**request, "tools": [_tool(dialect)]}


def _tool(dialect: str) -> dict[str, Any]:
    match dialect:
        case "openai_chat":
            return {"type": "function", "function": {"name": "weather", "parameters": _SCHEMA}}
        case "openai_responses":
            return {"type": "function", "name": "weather", "parameters": _SCHEMA, "strict": False}
        case "anthropic_messages":
            return {"name": "weather", "input_schema": _SCHEMA}
        case _:
            return {"functionDeclarations": [{"name": "weather", "parameters": _SCHEMA}]}


def _call(dialect: str, number: int) -> list[dict[str, Any]]:
    """One call and its result; JSON text is not always written in the same way."""
    id_, arguments = f"call_{number}", _ARGUMENTS[number % 2]
    match dialect:
        case "openai_chat":
            function = {"name": "weather", "arguments": arguments}
            call = {"id": id_, "type": "function", "function": function}
            return [
                {"role": "assistant", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": id_, "content": RESULT},
            ]
        case "openai_responses":
            named = {"name": "weather", "arguments": arguments}
            return [
                {"type": "function_call", "call_id": id_, **named},
                {"type": "function_call_output", "call_id": id_, "output": RESULT},
            ]
        case "anthropic_messages":
            call = {"type": "tool_use", "id": id_, "name": "weather", "input": {"city": "Rome"}}
            result = {"type": "tool_result", "tool_use_id": id_, "content": RESULT}
            return [
                {"role": "assistant", "content": [call]},
                {"role": "user", "content": [result]},
            ]
        case _:
            given = {"name": "weather", "response": {"output": RESULT}}
            called = {"name": "weather", "args": {"city": "Rome"}}
            return [
                {"role": "model", "parts": [{"functionCall": called}]},
                {"role": "user", "parts": [{"functionResponse": given}]},
            ]
