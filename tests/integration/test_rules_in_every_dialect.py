"""The operator's rules, for a client and a vendor of each dialect."""

from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient

from tests.support.one_vendor import Start
from tests.support.oracle import check_upstream
from tests.support.saying import saying
from tests.support.scripts import SCRIPTS, plays
from tests.support.sdk_answers import STOPPED, Told, told
from tests.support.talk import SETTINGS, body, path, setting, system_of, turns_of

clients = pytest.mark.parametrize("client", list(SCRIPTS))
vendors = pytest.mark.parametrize("vendor", list(SCRIPTS))
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

RULE = "[[stages.transform.rules]]\n"
TAKES_ALL = 'traits = { sampling = "full" }\n'


async def ask(
    proxy: TestClient[Any, Any], client: str, request: Any = None, *, stream: bool = False
) -> Told:
    """What the client's SDK reads."""
    request = request or body(client, "hi", stream=stream)
    async with proxy.post(path(client, stream=stream), json=request) as response:
        raw = await response.read()
        assert response.status == 200, raw
    return told(client, raw, stream=stream)


@clients
@vendors
async def test_a_system_text_where_the_client_sent_none(
    before_vendor: Start, client: str, vendor: str
) -> None:
    more = RULE + 'system = "Be kind."'
    proxy, upstream = await before_vendor(vendor, plays(vendor, "TALK"), more=more)
    assert (await ask(proxy, client)).text == "Hello you"
    sent = upstream.requests[-1]
    assert system_of(vendor, sent.json) == "Be kind."
    assert turns_of(sent.json) == [("user", "hi")]
    check_upstream(vendor, sent)


@clients
@vendors
async def test_a_system_text_behind_the_clients_own(
    before_vendor: Start, client: str, vendor: str
) -> None:
    more = RULE + 'system = "Be kind."'
    proxy, upstream = await before_vendor(vendor, plays(vendor, "TALK"), more=more)
    await ask(proxy, client, body(client, "hi", system="Be brief."))
    sent = upstream.requests[-1]
    assert system_of(vendor, sent.json) == "Be brief.\n\nBe kind."
    check_upstream(vendor, sent)


async def test_a_system_text_keeps_what_else_the_client_sent(before_vendor: Start) -> None:
    more = RULE + 'system = "Be kind."'
    dialect = "anthropic_messages"
    proxy, upstream = await before_vendor(dialect, plays(dialect, "TALK"), more=more)
    blocks = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    await ask(proxy, dialect, {**body(dialect, "hi"), "system": blocks})
    assert upstream.requests[-1].json["system"][0] == blocks[0]


@clients
@vendors
@both_ways
async def test_another_model(
    before_vendor: Start,
    client: str,
    vendor: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    more = RULE + 'models = ["m"]\nrename = "m2"'
    proxy, upstream = await before_vendor(vendor, plays(vendor, "TALK"), more=more)
    assert (await ask(proxy, client, stream=stream)).text == "Hello you"
    sent = upstream.requests[-1]
    assert "/m2:" in (sent.path if vendor == "gemini" else f"/{sent.json['model']}:")


@clients
@vendors
async def test_settings_set(before_vendor: Start, client: str, vendor: str) -> None:
    rule = RULE + 'set = { temperature = 0.3, max_tokens = 40, stop = ["END"] }'
    proxy, upstream = await before_vendor(vendor, plays(vendor, "TALK"), more=TAKES_ALL + rule)
    async with proxy.post(path(client), json=body(client, "hi")) as response:
        assert response.status == 200
        warnings = response.headers.get("x-llm-proxy-warnings", "")
    sent = upstream.requests[-1].json
    assert setting(vendor, sent, "temperature") == 0.3
    assert setting(vendor, sent, "max_tokens") == 40
    if "stop" in SETTINGS[vendor]:
        assert setting(vendor, sent, "stop") == ["END"]
        assert warnings == ""
    else:
        assert "stop" not in sent
        assert warnings == "dropped stop"


@clients
@vendors
async def test_settings_dropped(before_vendor: Start, client: str, vendor: str) -> None:
    rule = RULE + 'drop = ["temperature", "max_tokens", "stop"]'
    proxy, upstream = await before_vendor(vendor, plays(vendor, "TALK"), more=TAKES_ALL + rule)
    values = {"temperature": 0.3, "max_tokens": 40, "stop": ["END"]}
    given = {name: value for name, value in values.items() if name in SETTINGS[client]}
    async with proxy.post(path(client), json=body(client, "hi", **given)) as response:
        assert response.status == 200
        assert "x-llm-proxy-warnings" not in response.headers
    sent = upstream.requests[-1].json
    assert setting(vendor, sent, "temperature") is None
    assert setting(vendor, sent, "stop") is None
    limit = setting(vendor, sent, "max_tokens")
    assert limit is None or (vendor == "anthropic_messages" and limit > 1000)
    check_upstream(vendor, upstream.requests[-1])


@clients
@vendors
async def test_settings_clamped(before_vendor: Start, client: str, vendor: str) -> None:
    rule = RULE + "clamp = { temperature = [0, 0.5], max_tokens = [1, 50] }"
    proxy, upstream = await before_vendor(vendor, plays(vendor, "TALK"), more=TAKES_ALL + rule)
    request = body(client, "hi", temperature=0.9, max_tokens=200)
    async with proxy.post(path(client), json=request) as response:
        assert response.status == 200
    sent = upstream.requests[-1].json
    assert setting(vendor, sent, "temperature") == 0.5
    assert setting(vendor, sent, "max_tokens") == 50


@clients
async def test_what_nobody_knows_survives_a_rule(before_vendor: Start, client: str) -> None:
    rule = RULE + 'system = "Be kind."\nset = { max_tokens = 40 }'
    proxy, upstream = await before_vendor(client, plays(client, "TALK"), more=rule)
    request = {**body(client, "hi", max_tokens=300), "of_tomorrow": {"x": [1, None]}}
    turns = request.get("messages") or request.get("input") or request["contents"]
    turns[0]["of_tomorrow"] = 1
    await ask(proxy, client, request)
    sent = upstream.requests[-1].json
    assert sent["of_tomorrow"] == {"x": [1, None]}
    assert setting(client, sent, "max_tokens") == 40
    turns = sent.get("messages") or sent.get("input") or sent["contents"]
    assert turns[-1]["of_tomorrow"] == 1


@clients
@vendors
@both_ways
async def test_words_replaced(
    before_vendor: Start,
    client: str,
    vendor: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    rule = RULE + 'replace = [{ find = "secret", with = "flower" }]'
    play = saying(vendor, ["A ", "sec", "ret and a se", "cr"])
    proxy, _ = await before_vendor(vendor, play, more=rule)
    answer = await ask(proxy, client, stream=stream)
    assert answer.text == "A flower and a secr !"
    assert answer.finish == STOPPED[client]
    assert answer.tokens[1] > 0


@clients
@vendors
@both_ways
async def test_thoughts_in_tags(
    before_vendor: Start,
    client: str,
    vendor: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    play = saying(vendor, ["<thi", "nk>a pl", "an</th", "ink>\n\nHello"])
    proxy, _ = await before_vendor(vendor, play, more=RULE + "think_tags = true")
    answer = await ask(proxy, client, stream=stream)
    assert answer.text == "Hello !"
    assert answer.reasoning == "a plan"
    assert answer.finish == STOPPED[client]


@clients
@vendors
@both_ways
async def test_an_answer_with_calls_is_whole_after_rules(
    before_vendor: Start,
    client: str,
    vendor: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    rule = RULE + 'think_tags = true\nreplace = [{ find = "Hi", with = "Hey" }]'
    proxy, _ = await before_vendor(vendor, plays(vendor, "WORK"), more=rule)
    answer = await ask(proxy, client, stream=stream)
    assert answer.text == "Hey"
    assert answer.reasoning == "plan"
    assert [name for name, _ in answer.calls] == ["weather", "clock"]
    arguments = [orjson.loads(a) if isinstance(a, str) else a for _, a in answer.calls]
    assert arguments == [{"city": "Rome"}, {}]


@clients
@vendors
@both_ways
async def test_nothing_is_left_to_say(
    before_vendor: Start,
    client: str,
    vendor: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    rule = RULE + 'replace = [{ find = "Hello you", with = "" }]'
    proxy, _ = await before_vendor(vendor, plays(vendor, "TALK"), more=rule)
    answer = await ask(proxy, client, stream=stream)
    assert answer.text == ""
    assert answer.finish == STOPPED[client]
