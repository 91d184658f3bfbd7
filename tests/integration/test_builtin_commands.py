"""What the built-in commands do to the requests behind them, typed by a client of each dialect."""

import re
from typing import Any

import pytest

from tests.integration.conftest import Start as StartBench
from tests.support.chatting import Chatting
from tests.support.one_vendor import Start
from tests.support.scripts import SCRIPTS, plays
from tests.support.talk import system_of, turns_of
from tests.support.vendor import Received, whole

clients = pytest.mark.parametrize("client", list(SCRIPTS))
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

HELLO = "Hello you"
"""What the vendor says."""


def model_of(dialect: str, sent: Received) -> str:
    """The model that the vendor was asked for."""
    if dialect != "gemini":
        return str(sent.json["model"])
    found = re.search(r"/models/(.+):\w+", sent.path)
    assert found
    return found[1]


@clients
@both_ways
async def test_why_tells_how_the_request_before_it_went(
    before_vendor: Start,
    client: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    proxy, vendor = await before_vendor(client, plays(client, "TALK"))
    chat = Chatting(proxy, client, stream=stream)
    assert await chat("!/why") == "There was no request in this conversation yet."
    assert await chat("hi") == HELLO
    first, *lines = (await chat("!/why")).split("\n")
    assert re.fullmatch(r"The request [0-9a-f-]{32,36} for m: complete, \d+\.\d{3} s\.", first)
    told = {name: line for line in lines if (name := line.removeprefix("- ").partition(":")[0])}
    assert list(told)[1:-2] == [
        *("observe", "auth", "rate_limit", "session", "commands", "loop_detection"),
        *("transform", "failover", "dispatch"),
    ]
    assert re.fullmatch(r"- auth: let anonymous 127\.0\.0\.1 in \(\d+\.\d\d ms\)", told["auth"])
    assert "- failover: ordered: vendor:m (" in told["failover"]
    assert re.fullmatch(r"1\. vendor:m: ok \(\d+ ms\)", lines[-1])
    assert len(vendor.requests) == 1


async def test_why_tells_of_each_attempt_and_its_reason(start: StartBench) -> None:
    bench = await start(whole(SCRIPTS["openai_chat"]["TALK"].whole), tries=3)
    chat = Chatting(bench.client, "openai_chat")
    await chat("!/route-append(m, local:error-503, vendor:m2)")
    assert await chat("hi") == HELLO
    attempts = (await chat("!/why")).partition("Attempts, ")[2].split("\n")[1:]
    assert re.fullmatch(r"1\. local:error-503: the vendor answered 503 \(\d+ ms\)", attempts[0])
    assert re.fullmatch(r"\d\. vendor:m2: ok \(\d+ ms\)", attempts[-1])


@clients
async def test_usage_adds_up_what_the_vendor_counts(before_vendor: Start, client: str) -> None:
    proxy, _ = await before_vendor(client, plays(client, "TALK"))
    chat = Chatting(proxy, client)
    nothing = await chat("!/usage")
    for text in ("hi", "and?"):
        await chat(text)
    assert await chat("!/usage") == (
        "- requests: 2, of these failed: 0\n"
        "- input tokens: 260, of these cached: 200\n"
        "- output tokens: 60, of these reasoning: 24"
    )
    await chat("!/new")
    assert await chat("!/usage") == nothing
    assert set(re.findall(r"\d+", nothing)) == {"0"}


@clients
async def test_limits_tells_what_the_rate_limit_leaves(before_vendor: Start, client: str) -> None:
    proxy, vendor = await before_vendor(client, plays(client, "TALK"))
    told = await Chatting(proxy, client)("!/limits")
    assert re.fullmatch(r"- requests: 999\d left of 10000 in 60 s", told)
    assert vendor.requests == []


@clients
async def test_backend_takes_the_place_of_the_clients(
    before_vendor: Start,
    client: str,
) -> None:
    proxy, vendor = await before_vendor(client, plays(client, "TALK"), more="[backends.local]")
    chat = Chatting(proxy, client, model="local:echo")
    assert await chat("hi") == "hi"
    assert await chat("!/backend") == "No backend is set. These are on: vendor, local."
    assert await chat("!/backend(vendor)") == "The backend is now vendor."
    assert await chat("again") == HELLO
    assert [model_of(client, sent) for sent in vendor.requests] == ["echo"]
    assert turns_of(vendor.requests[0].json)[-1] == ("user", "again")
    await chat("!/unset(backend)")
    assert await chat("echo me") == "echo me"


@clients
async def test_a_backend_that_there_is_not(before_vendor: Start, client: str) -> None:
    proxy, vendor = await before_vendor(client, plays(client, "TALK"))
    told = await Chatting(proxy, client)("!/backend(vendro)\nhi")
    assert told == 'llm-proxy error: no backend named "vendro"; did you mean "vendor"?'
    assert vendor.requests == []


@clients
async def test_an_edited_route_is_where_requests_go(before_vendor: Start, client: str) -> None:
    route = 'attempts = [{ backend = "vendor", model = "filed" }]'
    more = f"[stages.failover.routes.m]\n{route}"
    proxy, vendor = await before_vendor(client, plays(client, "TALK"), more=more)
    chat = Chatting(proxy, client)
    edits = [
        ("!/route-list", "- m stands for vendor:filed"),
        (
            "!/route-prepend(m, vendor:mine)",
            "m stands for vendor:mine → vendor:filed (edited in this conversation).",
        ),
        ("!/route-clear(m)", "m stands for itself (edited in this conversation)."),
        (
            "!/route-append(m, last)",
            "m stands for vendor:last (edited in this conversation).",
        ),
        ("!/route-clear", "All routes are as the file says."),
    ]
    for command, expected in edits:
        assert await chat(command) == expected
        assert await chat("hi") == HELLO
    asked = [model_of(client, sent) for sent in vendor.requests]
    assert asked == ["filed", "mine", "m", "last", "filed"]


@clients
@pytest.mark.parametrize("system", [None, "Be kind."])
async def test_a_system_suffix_is_added_to_each_request(
    before_vendor: Start,
    client: str,
    system: str | None,
) -> None:
    proxy, vendor = await before_vendor(client, plays(client, "TALK"))
    chat = Chatting(proxy, client, system=system)
    told = await chat(r'!/set(system_suffix="Be brief,\nplease.")')
    assert told == 'Set system_suffix = "Be brief, please.".'
    for text in ("hi", "and?"):
        await chat(text)
        sent = vendor.requests[-1].json
        before = f"{system}\n\n" if system else ""
        assert system_of(client, sent) == f"{before}Be brief,\nplease."
        assert turns_of(sent)[-1] == ("user", text)
    await chat("!/unset(suffix)")
    await chat("bye")
    assert system_of(client, vendor.requests[-1].json) == (system or "")


DENIED = """[stages.commands]
disabled = ["pwd"]
denied = { "anonymous 127.*" = ["model", "set"], "somebody else" = ["*"] }
"""


@clients
async def test_what_a_caller_is_denied_is_not_carried_out(
    before_vendor: Start,
    client: str,
) -> None:
    proxy, vendor = await before_vendor(client, plays(client, "TALK"), more=DENIED)
    chat = Chatting(proxy, client)
    for command in ("!/model(other)", "!/set(seed=1)\nhi"):
        name = command.partition("(")[0]
        assert await chat(command) == f"llm-proxy error: you may not use {name}"
    assert vendor.requests == []
    told = await chat("!/help")
    assert not [name for name in ("`!/model", "`!/set", "`!/pwd") if name in told]
    assert "`!/status`" in told
    assert (await chat("!/pwd")).startswith("llm-proxy error: unknown command !/pwd")
    assert await chat("hi") == HELLO
    assert model_of(client, vendor.requests[-1]) == "m"


async def test_everything_may_be_denied(before_vendor: Start) -> None:
    more = '[stages.commands]\ndenied = { "*" = ["*"] }'
    proxy, _ = await before_vendor("openai_chat", plays("openai_chat", "TALK"), more=more)
    chat = Chatting(proxy, "openai_chat")
    assert await chat("!/help") == "llm-proxy error: you may not use !/help"
    assert await chat("!/hepl") == "llm-proxy error: unknown command !/hepl"


async def test_one_session_sees_nothing_of_another(before_vendor: Start) -> None:
    proxy, _ = await before_vendor("openai_chat", plays("openai_chat", "TALK"))
    await Chatting(proxy, "openai_chat")("!/project(Blue whale)")
    told: dict[str, Any] = {}
    for id_ in ("one", "two"):
        request = {"model": "m", "messages": [{"role": "user", "content": "!/project"}]}
        headers = {"x-session-id": id_}
        where = "/v1/chat/completions"
        async with proxy.post(where, json=request, headers=headers) as response:
            told[id_] = (await response.json())["choices"][0]["message"]["content"]
    assert told == {"one": "The project is Blue whale.", "two": "No project is set."}
