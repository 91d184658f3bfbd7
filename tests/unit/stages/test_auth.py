"""Who may come in."""

import hmac
from collections.abc import Mapping
from typing import Any

import pytest

from llm_proxy.pipeline.errors import Unauthorized
from llm_proxy.pipeline.exchange import Caller, Client, Exchange
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.keys.keys import Keys
from llm_proxy.pipeline.keys.stored import Shown, StoredKey, digest, name_of, written
from llm_proxy.pipeline.stage import Surroundings
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.stages.auth import Auth, AuthOptions
from tests.support.clock import Clock
from tests.support.stages import Run, asking

REMOTE = "203.0.113.9"


def coming(credential: str | None = None, address: str | None = REMOTE, **headers: str) -> Exchange:
    return Exchange.of(asking().request, Client(address, headers, credential))


async def refused(run: Run, exchange: Exchange) -> str:
    with pytest.raises(Unauthorized) as caught:
        await run(exchange)
    assert run.seen == []
    assert caught.value.status == 401
    return caught.value.message


@pytest.mark.parametrize("key", ["one", "two", "tökén"])
async def test_each_of_several_keys_is_let_in(key: str) -> None:
    run = Run(Auth, {"api_keys": "one, two,tökén"})
    exchange = coming(key)
    await run(exchange)
    assert len(run.seen) == 1


@pytest.mark.parametrize("key", ["three", "on", "onee", "ONE", "one,two", " one", "", "\udcff"])
async def test_a_wrong_key_is_refused(key: str) -> None:
    exchange = coming(key)
    message = await refused(Run(Auth, {"api_keys": "one,two"}), exchange)
    assert message == "wrong API key"


async def test_a_missing_key_is_refused_and_the_way_to_send_one_told() -> None:
    exchange = coming(None)
    message = await refused(Run(Auth, {"api_keys": "one"}), exchange)
    assert message == "no API key: send one as 'Authorization: Bearer KEY'"


async def test_with_a_key_configured_also_local_clients_need_one() -> None:
    exchange = coming(None, "127.0.0.1")
    await refused(Run(Auth, {"api_keys": "one"}), exchange)


async def test_the_auth_token_is_one_more_key() -> None:
    run = Run(Auth, {"api_keys": "one", "auth_token": "token"})
    for key in ("one", "token"):
        await run(coming(key))
    assert len(run.seen) == 2
    with pytest.raises(Unauthorized):
        await run(coming("two"))


async def test_the_auth_token_alone_closes_the_door_to_local_clients_without_it() -> None:
    await refused(Run(Auth, {"auth_token": "token"}), coming(None, "127.0.0.1"))


async def test_a_caller_is_the_same_for_the_same_key_and_tells_nothing_of_it() -> None:
    run = Run(Auth, {"api_keys": "secret-one,secret-two"})
    for key in ("secret-one", "secret-one", "secret-two"):
        await run(coming(key))
    first, again, other = [exchange.caller for exchange in run.seen]
    assert first is not None
    assert first == again
    assert first != other
    assert len("key-") + 12 == len(first.id)
    assert "secret" not in first.id


async def test_the_caller_is_noted_for_the_log() -> None:
    run = Run(Auth, {"api_keys": "one"})
    exchange = coming("one")
    await run(exchange)
    assert run.seen[0].caller is not None
    assert {"caller": run.seen[0].caller.id} == exchange.trace.notes


async def test_with_auth_off_everybody_is_let_in_whatever_they_send() -> None:
    run = Run(Auth, {"api_keys": "one", "disable_auth": True})
    for credential in (None, "", "wrong"):
        await run(coming(credential))
    assert {exchange.caller for exchange in run.seen} == {Caller(f"anonymous {REMOTE}")}


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::1%lo", None])
async def test_without_any_key_a_local_client_is_let_in(address: str | None) -> None:
    run = Run(Auth)
    await run(coming(None, address))
    name = f"anonymous {address}" if address else "anonymous"
    assert [exchange.caller for exchange in run.seen] == [Caller(name)]


@pytest.mark.parametrize(
    "address", [REMOTE, "10.0.0.1", "192.168.1.2", "0.0.0.0", "::", "fe80::1%lo", ""]
)
async def test_without_any_key_another_address_is_refused(address: str) -> None:
    message = await refused(Run(Auth), coming("anything", address))
    assert message == "no API key is configured, so only local clients are let in"


@pytest.mark.parametrize("header", ["forwarded", "x-forwarded-for", "x-real-ip"])
@pytest.mark.parametrize("value", ["127.0.0.1", ""])
async def test_without_any_key_a_forwarded_client_is_not_local(header: str, value: str) -> None:
    await refused(Run(Auth), coming(None, "127.0.0.1", **{header: value}))


@pytest.mark.parametrize("given", ["first", "second", "third", "none of them"])
async def test_every_key_is_compared_whichever_fits(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def compare(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return real(left, right)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    run = Run(Auth, {"api_keys": "first,second", "auth_token": "third"})
    try:
        await run(coming(given))
    except Unauthorized:
        assert given == "none of them"
    assert len(compared) == 3
    assert {32} == {len(side) for pair in compared for side in pair}


async def test_the_door_alone_can_be_asked() -> None:
    stage = Run(Auth, {"api_keys": "one"}).stage
    assert isinstance(stage, Auth)
    with pytest.raises(Unauthorized):
        await stage.admit(Client(REMOTE))
    assert (await stage.admit(Client(REMOTE, {}, "one"))).id.startswith("key-")


@pytest.mark.parametrize("keys", ["", " , ,", []])
async def test_blank_keys_in_a_list_with_commas_are_none(keys: object) -> None:
    await refused(Run(Auth, {"api_keys": keys}), coming(""))
    await refused(Run(Auth, {"api_keys": keys}), coming(" "))


async def test_an_empty_item_of_a_list_is_no_key() -> None:
    # `api_keys = ["${PROXY_API_KEY:-}"]` with the variable unset.
    await refused(Run(Auth, {"api_keys": [""]}), coming(""))


PROBLEMS: list[tuple[Mapping[str, Any], bool, list[tuple[tuple[str, ...], str]]]] = [
    ({}, False, []),
    ({"disable_auth": True}, False, []),
    ({}, True, [(("api_keys",), "production needs at least one key, or a tenant")]),
    (
        {"api_keys": " , "},
        True,
        [(("api_keys",), "production needs at least one key, or a tenant")],
    ),
    ({"api_keys": [""]}, True, [(("api_keys",), "production needs at least one key, or a tenant")]),
    ({"api_keys": "one"}, True, []),
    ({"auth_token": "token"}, True, []),
    (
        {"api_keys": "one", "disable_auth": True},
        True,
        [(("disable_auth",), "auth may not be off in production")],
    ),
]


@pytest.mark.parametrize(("options", "production", "expected"), PROBLEMS)
def test_production_asks_for_a_key(
    options: Mapping[str, Any], production: object, expected: object
) -> None:
    surroundings = Surroundings(frozenset(), bool(production))
    assert expected == list(AuthOptions.model_validate(options).problems(surroundings))


@pytest.mark.parametrize(
    ("host", "origin", "welcome"),
    [
        ("127.0.0.1:8000", None, True),
        ("localhost:8000", "http://localhost:3000", True),
        ("[::1]:8000", "http://[::1]", True),
        ("evil.example:8000", None, False),
        ("127.0.0.1:8000", "https://evil.example", False),
        ("127.0.0.1:8000", "null", False),
    ],
)
async def test_without_any_key_a_foreign_web_page_is_refused(
    host: str, origin: str | None, *, welcome: bool
) -> None:
    headers = {"host": host} if origin is None else {"host": host, "origin": origin}
    exchange = coming(None, "127.0.0.1", **headers)
    if welcome:
        await Run(Auth)(exchange)
    else:
        await refused(Run(Auth), exchange)


async def stored(store: MemoryStore, tenant: str = "acme") -> str:
    """A stored key."""
    shown = Shown.new()
    key = StoredKey(shown.id, tenant, digest(shown.secret), shown.last, 0.0)
    await store.save(name_of(shown.id), written(key), 1e9)
    return shown.text


def with_keys(options: Mapping[str, Any] | None = None) -> tuple[Run, MemoryStore]:
    """The stage, in a file with a tenant, and the store."""
    clock = Clock()
    store = MemoryStore(clock)
    keys = Keys(store, {"acme": Grants(models=("m",))}, clock)
    return Run(Auth, options, store=store, keys=keys), store


@pytest.mark.parametrize("options", [{}, {"api_keys": "one"}])
async def test_a_stored_key_is_let_in_beside_the_files(options: Mapping[str, Any]) -> None:
    run, store = with_keys(options)
    key = await stored(store)
    exchange = coming(key)
    await run(exchange)
    caller = run.seen[0].caller
    assert caller
    assert (caller.tenant, caller.grants.within) == ("acme", Grants(models=("m",)))
    assert {"caller": caller.id, "tenant": "acme"} == exchange.trace.notes
    if options:
        await run(coming("one"))
        assert run.seen[1].caller != caller


@pytest.mark.parametrize("address", [REMOTE, "127.0.0.1", None])
async def test_where_there_are_tenants_everybody_needs_a_key(address: str | None) -> None:
    run, _ = with_keys()
    message = await refused(run, coming(None, address))
    assert message == "no API key: send one as 'Authorization: Bearer KEY'"
    assert await refused(run, coming("none-needed-yet", address)) == "wrong API key"
    assert await refused(run, coming(Shown.new().text, address)) == "wrong API key"


async def test_a_stored_key_is_wrong_where_the_file_has_no_tenant() -> None:
    store = MemoryStore(Clock())
    run = Run(Auth, {"api_keys": "one"}, store=store)
    assert await refused(run, coming(await stored(store))) == "wrong API key"


def test_a_tenants_keys_are_enough_for_production() -> None:
    surroundings = Surroundings(frozenset(), production=True, tenants=frozenset({"acme"}))
    assert [] == list(AuthOptions().problems(surroundings))
