"""Two vendors that speak one dialect: what one has signed never goes to the other."""

from pathlib import Path
from typing import Any

import pytest

from llm_proxy.web import subapp
from tests.support.one_vendor import PATHS
from tests.support.scripts import SCRIPTS, plays
from tests.support.vendor import Vendor

CONFIG = """
[pipelines.default]
stages = ["auth", "dispatch"]
[backends]
default_backend = "one"
[backends.one]
type = "{type}"
{api}
api_url = "http://127.0.0.1:{one}"
[backends.other]
type = "{type}"
{api}
api_url = "http://127.0.0.1:{other}"
"""

RESPONSES = ("openai", 'api = "responses"')
MESSAGES = ("anthropic", "")


def conversation(dialect: str, model: str, answer: Any) -> dict[str, Any]:
    """The turn after `answer`, with both tools' results."""
    hi = {"role": "user", "content": "hi"}
    if dialect == "openai_responses":
        results = [
            {"type": "function_call_output", "call_id": f"call_{n}", "output": "ok"} for n in (1, 2)
        ]
        return {"model": model, "input": [hi, *answer["output"], *results]}
    results = [{"type": "tool_result", "tool_use_id": f"call_{n}", "content": "ok"} for n in (1, 2)]
    said = {"role": "assistant", "content": answer["content"]}
    turns = [hi, said, {"role": "user", "content": results}]
    return {"model": model, "max_tokens": 99, "messages": turns}


@pytest.mark.parametrize(
    ("dialect", "kind", "state"),
    [
        ("anthropic_messages", MESSAGES, b"fake-signature"),
        ("openai_responses", RESPONSES, b"fake-encrypted"),
    ],
)
async def test_signed_state_goes_home_alone(
    aiohttp_client: Any, toml: Any, dialect: str, kind: tuple[str, str], state: bytes
) -> None:
    async with Vendor([plays(dialect, "WORK")]) as one, Vendor([plays(dialect, "TALK")]) as other:
        text = CONFIG.format(type=kind[0], api=kind[1], one=one.port, other=other.port)
        path: Path = toml(text)
        client = await aiohttp_client(subapp(path, {}))
        first = conversation(dialect, "one:m", SCRIPTS[dialect]["TALK"].whole)
        async with client.post(PATHS[dialect], json=first) as response:
            answer = await response.json()
        assert state in str(answer).encode(), "relayed as it came"

        for model, vendor, is_home in (("one:m", one, True), ("other:m", other, False)):
            asked = conversation(dialect, model, answer)
            async with client.post(PATHS[dialect], json=asked) as response:
                assert response.status == 200
                warned = response.headers.get("x-llm-proxy-warnings", "")
            assert (state in vendor.requests[-1].body) is is_home
            assert ("another vendor" in warned) is not is_home
