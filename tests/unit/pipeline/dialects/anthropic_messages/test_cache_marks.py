from typing import Any

from llm_proxy.pipeline.dialects.anthropic_messages.cache_marks import limit_marks

SHORT = {"type": "ephemeral"}
LONG = {"type": "ephemeral", "ttl": "1h"}


def marked(mark: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": "a", "cache_control": dict(mark)}


def test_the_last_four_win() -> None:
    result = {"type": "tool_result", "content": [marked(SHORT), marked(SHORT)]}
    body: dict[str, Any] = {
        "tools": [marked(SHORT), marked(SHORT)],
        "system": [marked(SHORT)],
        "messages": [{"content": [result, marked(SHORT)]}],
    }
    limit_marks(body)
    assert ["cache_control" in tool for tool in body["tools"]] == [False, False]
    assert "cache_control" in body["system"][0]
    assert all("cache_control" in block for block in result["content"])


def test_what_lasts_longer_does_not_stand_behind_what_does_not() -> None:
    body: dict[str, Any] = {
        "messages": [{"content": [marked(LONG), marked(SHORT), marked(LONG)]}],
    }
    limit_marks(body)
    marks = [block["cache_control"] for block in body["messages"][0]["content"]]
    assert [LONG, SHORT, SHORT] == marks


def test_a_body_without_marks() -> None:
    body = {"messages": [{"content": [{"type": "tool_result", "content": "x"}]}]}
    limit_marks(body)
    assert {"messages": [{"content": [{"type": "tool_result", "content": "x"}]}]} == body
