"""What tenants may do, and what they do not see of one another."""

import logging

import pytest

from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.keys.stored import parts_of
from tests.integration.test_front_door_in_every_dialect import OWN_HEADERS, check_error
from tests.integration.test_models_in_every_dialect import listed
from tests.support.scripts import SCRIPTS
from tests.support.talk import body, counting_path
from tests.support.tenanted import Begin
from tests.support.vendor import HELLO, Connection, Play, by_request, completion, streamed, whole

clients = pytest.mark.parametrize("client", list(SCRIPTS))
streams = pytest.mark.parametrize("stream", [False, True])

NOT_THAT = 'this key may not ask "vendor:secret"'


# --- what may be asked ---------------------------------------------------------------------------


@clients
@streams
async def test_a_model_that_is_not_granted_is_refused_as_the_client_expects(
    house: Begin, client: str, *, stream: bool
) -> None:
    at = await house(by_request)
    async with at.ask(await at.key(), "vendor:secret", dialect=client, stream=stream) as response:
        assert response.status == 403
        assert check_error(client, 403, await response.read()) == NOT_THAT
    assert at.asked_for == []


@pytest.mark.parametrize("client", ["openai_responses", "anthropic_messages", "gemini"])
async def test_nor_are_its_tokens_counted(house: Begin, client: str) -> None:
    at = await house(by_request)
    where = counting_path(client, model="vendor:secret")
    asked = body(client, "hi", model="vendor:secret")
    async with at.client.post(where, json=asked, headers={"x-api-key": await at.key()}) as response:
        assert response.status == 403


@pytest.mark.parametrize(
    "model",
    ["secret", "vendor:secret", "closed", "vendor:secret|closed", "keyed:secret", "vendor:m1:x"],
)
async def test_no_name_leads_to_what_is_not_granted(house: Begin, model: str) -> None:
    at = await house(by_request)
    async with at.ask(await at.key(), model) as response:
        assert response.status == 403
    assert at.asked_for == []


@pytest.mark.parametrize("model", ["mixed", "vendor:secret|m1", "closed|mixed"])
async def test_of_several_only_what_is_granted_is_asked(house: Begin, model: str) -> None:
    at = await house(by_request)
    assert await at.text(await at.key(), model) == "Hello"
    assert at.asked_for == ["m1"]


@pytest.mark.parametrize(
    "command",
    [
        "!/model(vendor:secret)",
        "!/model(m1|secret)",
        "!/oneoff(secret)",
        "!/route-append(m1, vendor:secret)",
        "!/route-prepend(mixed, secret)",
    ],
)
async def test_no_command_sets_what_is_not_granted(house: Begin, command: str) -> None:
    at = await house(by_request)
    key = await at.key()
    assert await at.text(key, "m1", command) == "llm-proxy error: you may not ask vendor:secret"
    await at.text(key, "mixed", "go on")
    assert at.asked_for == ["m1"]


@pytest.mark.parametrize("command", ["!/model(closed)", "!/oneoff(closed)"])
async def test_a_route_that_a_command_may_set_leads_nowhere_either(
    house: Begin, command: str
) -> None:
    at = await house(by_request)
    key, one = await at.key(), {"x-session-id": "one"}
    await at.text(key, "m1", command, **one)
    async with at.ask(key, "m1", "go on", **one) as response:
        assert response.status == 403
    assert at.asked_for == []


async def test_what_was_set_when_more_was_granted_is_not_asked_any_more(house: Begin) -> None:
    at = await house(by_request)
    key, one = await at.key("other"), {"x-session-id": "one"}
    await at.text(key, "m1", "!/model(vendor:secret)", **one)
    await at.text(key, "m1", "go on", **one)
    await at.narrow("other", 'models = "m1"')
    async with at.ask(key, "m1", "go on", **one) as response:
        assert response.status == 403
    assert at.asked_for == ["secret"]


async def test_a_broken_answer_is_not_resumed_by_what_is_not_granted(house: Begin) -> None:
    async def play(at: Connection) -> None:
        if at.received.json["model"] == "m1":
            await streamed(HELLO[:2])(at)
        else:
            await streamed(HELLO)(at)

    at = await house(play, failover="resume = true")
    name = "m1|vendor:secret|m2"
    async with at.ask(await at.key(), name, stream=True) as response:
        assert response.status == 200
        await response.read()
    assert at.asked_for == ["m1", "m2"]


# --- what is seen --------------------------------------------------------------------------------


@pytest.mark.parametrize(("client", "headers"), OWN_HEADERS)
async def test_each_sees_the_models_it_may_ask_and_no_others(
    house: Begin, client: str, headers: dict[str, str]
) -> None:
    async def play(at: Connection) -> None:
        own = at.received.headers["authorization"].startswith("Bearer fake-acme")
        names = ["m1", "acmes"] if own else ["m1", "secret"]
        await whole({"object": "list", "data": [{"id": name} for name in names]})(at)

    at = await house(play)
    keys = {"acme": await at.key(), "other": await at.key("other")}
    keys["narrow"] = await at.key("acme", Grants(backends=("keyed",)))
    seen: dict[str, set[str]] = {}
    for who, key in keys.items():
        own = {**headers, "x-goog-api-key": key} if "x-goog-api-key" in headers else headers
        sent = {"x-api-key": key, **own}
        async with at.client.get("/v1/models", headers=sent) as response:
            names = listed(client, await response.read())
            seen[who] = {name for name in names if not name.startswith("local:")}
        async with at.client.get("/v1/models/vendor:secret", headers=sent) as response:
            assert response.status == (200 if who == "other" else 404)
    assert seen == {
        "acme": {"vendor:m1", "keyed:m1", "unkeyed:m1"},
        "other": {"vendor:m1", "vendor:secret", "keyed:m1", "keyed:secret"},
        "narrow": {"keyed:m1"},
    }


async def test_one_tenants_conversations_are_not_anothers(house: Begin) -> None:
    at = await house(by_request)
    mine, theirs = await at.key("acme"), await at.key("other")
    colleagues = await at.key("acme")
    one = {"x-session-id": "one"}
    await at.text(mine, "m1", "!/set(temperature=0.25)", **one)
    for key in (mine, theirs, colleagues):
        await at.text(key, "m1", "hi", **one)
    sent = [received.json.get("temperature") for received in at.vendor.requests]
    assert sent == [0.25, None, None]
    for key in (mine, theirs):
        await at.text(key, "m1", "hi", **one)
    used = {key: await at.text(key, "m1", "!/usage", **one) for key in (mine, theirs, colleagues)}
    counted = {key: text.split(",")[0].rpartition(" ")[2] for key, text in used.items()}
    assert counted == {mine: "2", theirs: "2", colleagues: "1"}
    assert await at.text(theirs, "m1", "!/model", **one) != await at.text(
        mine, "m1", "!/set", **one
    )


# --- a tenant's own keys of vendors --------------------------------------------------------------


async def test_a_tenants_own_key_is_sent_for_it_and_for_nobody_else(house: Begin) -> None:
    at = await house(by_request)
    for key in (await at.key("acme"), await at.key("other"), "fake-static-key"):
        await at.text(key, "keyed:m1")
        await at.text(key, "vendor:m1")
    assert at.keys_sent == [
        *("fake-acme-1", "fake-vendor-key"),
        *("fake-shared-key", "fake-vendor-key"),
        *("fake-shared-key", "fake-vendor-key"),
    ]


async def test_a_backend_that_is_on_for_one_tenant_is_off_for_others(house: Begin) -> None:
    at = await house(by_request)
    assert await at.text(await at.key("acme"), "unkeyed:m1") == "Hello"
    async with at.ask(await at.key("other"), "unkeyed:m1") as response:
        assert response.status == 503
        told = (await response.json())["error"]["message"]
    assert told == 'the backend "unkeyed" is off: no api_key'
    assert at.keys_sent == ["fake-acme-3"]


def refusing(*keys: str, status: int) -> Play:
    async def play(at: Connection) -> None:
        key = at.received.headers["authorization"].removeprefix("Bearer ")
        if key in keys:
            await whole({"error": {"message": f"not {key}", "code": "no"}}, status)(at)
        else:
            await whole(completion())(at)

    return play


@pytest.mark.parametrize("status", [401, 402, 429, 503])
async def test_what_a_vendor_holds_against_one_tenants_key_is_held_against_no_other(
    house: Begin, status: int
) -> None:
    at = await house(refusing("fake-acme-1", "fake-acme-2", status=status))
    acme, other = await at.key("acme"), await at.key("other")
    async with at.ask(acme, "keyed:m1") as response:
        assert response.status >= 400
        told = await response.text() + str(response.headers)
    assert "fake-" not in told
    assert "fake-acme-1" in at.keys_sent
    assert set(at.keys_sent) <= {"fake-acme-1", "fake-acme-2"}
    at.vendor.requests.clear()
    await at.text(other, "keyed:m1")
    assert at.keys_sent == ["fake-shared-key"]
    async with at.client.get("/ready") as response:
        ready = await response.text()
    assert "circuits" not in ready
    assert "acme" not in ready


async def test_one_tenant_goes_on_while_everybodys_key_is_left_alone(house: Begin) -> None:
    at = await house(refusing("fake-shared-key", status=401))
    acme, other = await at.key("acme"), await at.key("other")
    async with at.ask(other, "keyed:m1") as response:
        assert response.status == 502
    await at.text(acme, "keyed:m1")
    assert at.keys_sent == ["fake-shared-key", "fake-acme-1"]


# --- a chain of its own --------------------------------------------------------------------------


async def test_a_key_may_take_a_chain_of_its_own(house: Begin) -> None:
    at = await house(by_request)
    bare = await at.key("other", Grants(pipeline="bare"))
    async with at.ask(bare, "local:echo", "!/help") as response:
        stages = response.headers["Server-Timing"]
        answer = (await response.json())["choices"][0]["message"]["content"]
    assert [stage.partition(";")[0] for stage in stages.split(", ")] == [
        "observe",
        "auth",
        "dispatch",
    ]
    assert answer == "!/help"
    assert "!/model" in await at.text(await at.key("other"), "local:echo", "!/help")


async def test_its_own_chain_is_no_way_around_what_is_granted(house: Begin) -> None:
    at = await house(by_request)
    async with at.ask(await at.key("acme", Grants(pipeline="bare")), "vendor:secret") as response:
        assert response.status == 403
    assert at.asked_for == []


async def test_a_chain_that_is_gone_is_told(house: Begin) -> None:
    at = await house(by_request)
    async with at.ask(await at.key("acme", Grants(pipeline="gone"))) as response:
        assert response.status == 503
        assert "the chain for this key is not there" in await response.text()


# --- secrets -------------------------------------------------------------------------------------


async def test_no_key_is_told_anywhere(house: Begin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    at = await house(refusing("fake-acme-1", status=401))
    key = await at.key()
    shown = parts_of(key)
    assert shown
    told: list[str] = []
    for credential in (key, key[:-1], f"{key}x", f"lp-{shown.id}-{'x' * 43}"):
        for model in ("keyed:m1", "vendor:secret", "nowhere:m1"):
            async with at.ask(credential, model, f"!/why\n{model}") as response:
                told.append(await response.text() + str(response.headers))
    await at.ledger.revoke(shown.id)
    told += [str(vars(record)) for record in caplog.records]
    everything = "\n".join(told)
    assert "acme" in everything
    for secret in (shown.secret, shown.secret[:-1], key, "fake-acme-1", "fake-shared-key"):
        assert secret not in everything
