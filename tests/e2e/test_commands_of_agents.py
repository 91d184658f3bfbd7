"""Commands typed into real coding agents: their own requests with more turns."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import httpx2
import pytest

from tests.support.captures import CAPTURES, Capture
from tests.support.every_way import every_vendor
from tests.support.four_vendors import FourVendors, model_seen
from tests.support.legal import check_turns, said_in
from tests.support.oracle import check_upstream
from tests.support.process import Server
from tests.support.sdk_answers import STOPPED, told
from tests.support.well_formed import checked

every_capture = pytest.mark.parametrize("capture", CAPTURES, ids=str)
first_ones = pytest.mark.parametrize(
    "capture", [one for one in CAPTURES if one.name.endswith("-first")], ids=str
)

TURNS = {"openai_responses": "input", "gemini": "contents"}
CONTEXT = {
    "anthropic_messages": "<system-reminder>\nuse tabs\n</system-reminder>",
    "openai_responses": "<environment_context>\nuse tabs\n</environment_context>",
    "gemini": "<session_context>\nuse tabs\n</session_context>",
}
"""What agents say in the user's name with the first words; OpenCode says it to the system."""


class Agent:
    """An agent in the middle of its work: `turns` are on the wire."""

    def __init__(self, http: httpx2.Client, capture: Capture) -> None:
        self._http = http
        self._capture = capture
        self._body = deepcopy(capture.body)
        self.turns: list[Any] = self._body[TURNS.get(capture.dialect, "messages")]

    def say(self, text: str) -> str:
        """The user's next turn; the text of the streamed answer."""
        self.said("user", text)
        return self.go_on()

    def go_on(self) -> str:
        """The streamed answer to what has been said."""
        capture = self._capture
        response = self._http.post(
            capture.path,
            params=capture.query,
            json=self._body,
            headers={**capture.headers, "authorization": "Bearer fake-key"},
        )
        assert response.status_code == 200, response.text
        answer = told(capture.dialect, response.content, stream=True)
        assert answer.finish == STOPPED[capture.dialect]
        assert answer.text == checked(capture.dialect, response.content).text
        self.said("assistant", answer.text)
        return answer.text

    def said(self, role: str, text: str) -> None:
        """One more turn."""
        match self._capture.dialect:
            case "gemini":
                role = "model" if role == "assistant" else role
                self.turns.append({"role": role, "parts": [{"text": text}]})
            case "openai_responses":
                kind = "output_text" if role == "assistant" else "input_text"
                content = [{"type": kind, "text": text}]
                self.turns.append({"type": "message", "role": role, "content": content})
            case _:
                self.turns.append({"role": role, "content": text})

    def begins_with(self, text: str) -> None:
        """As if these had been the user's first words, with what the agent says beside them."""
        context = CONTEXT.get(self._capture.dialect)
        for turn in self.turns:
            parts = turn.get("parts") or turn["content"]
            if turn["role"] == "user" and context:
                for part in parts:
                    part["text"] = text if part["text"] == "run echo" else context
            elif turn["role"] == "user":
                turn["content"] = text


@pytest.fixture(scope="module")
def http(proxy: Server) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=proxy.url) as client:
        yield client


@pytest.fixture
def agent(http: httpx2.Client, capture: Capture) -> Agent:
    return Agent(http, capture)


def _sent(vendors: FourVendors, vendor: str, capture: Capture) -> list[tuple[str, str]]:
    """What the vendor was told, as it takes it and without a trace of commands."""
    received = vendors.received(vendor)
    if capture.dialect != vendor:  # or else the agent's own fields are relayed
        check_upstream(vendor, received)
    check_turns(vendor, received.json)
    for trace in (b"!/", b"The model", b"Proxy"):
        assert trace not in received.body
    assert model_seen(vendor, received) == "m2"
    return said_in(vendor, received.json)


@every_capture
@every_vendor
def test_a_command_in_the_newest_turn(
    agent: Agent, vendors: FourVendors, vendor: str, capture: Capture
) -> None:
    assert "- `!/hello`: Says that the proxy is there." in agent.say("!/help").splitlines()
    assert agent.say(f"!/model({vendor}:m2)") == f"The model is now {vendor}:m2."
    assert vendors.all_received(vendor) == []
    assert agent.say("go on") == "Hello you"
    assert agent.say("and on") == "Hello you"
    sent = _sent(vendors, vendor, capture)
    assert sent[-2:] == [("assistant", "Hello you"), ("user", "and on")]
    kinds = [kind for kind, _ in sent]
    assert ("call" in kinds, "result" in kinds) == (capture.name.endswith("-tool-result"),) * 2
    assert any("run echo" in text for _, text in sent)


@first_ones
@every_vendor
def test_a_command_as_the_first_words(
    agent: Agent, vendors: FourVendors, vendor: str, capture: Capture
) -> None:
    agent.begins_with(f"!/model({vendor}:m2)")
    assert agent.go_on() == f"The model is now {vendor}:m2."
    assert agent.say("go on") == "Hello you"
    sent = _sent(vendors, vendor, capture)
    assert sent[-1][1].endswith("go on")
    assert any("use tabs" in text for _, text in sent) == (capture.dialect in CONTEXT)


@pytest.mark.parametrize(
    "capture", [one for one in CAPTURES if one.name == "claude-code-2-tool-result"], ids=str
)
@every_vendor
def test_a_command_typed_while_a_tool_was_at_work(
    agent: Agent, vendors: FourVendors, vendor: str, capture: Capture
) -> None:
    """Claude Code puts what was typed meanwhile into the turn of the result."""
    agent.turns[-1]["content"].append({"type": "text", "text": f"!/model({vendor}:m2)"})
    assert agent.go_on() == "Hello you"
    assert [kind for kind, _ in _sent(vendors, vendor, capture)] == ["user", "call", "result"]
    assert agent.say("go on") == "Hello you"
    assert _sent(vendors, vendor, capture)[-2:] == [("assistant", "Hello you"), ("user", "go on")]
