"""Who shares answers, and until when."""

from dataclasses import replace
from typing import Any

import pytest

from llm_proxy.pipeline.exchange import Caller, Client, Exchange, Session
from llm_proxy.pipeline.session_state import SessionState
from llm_proxy.pipeline.stage import Kit
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.cache.key import key_of
from tests.support.stages import asking

ONE = Caller("key-1", tenant="acme")
COLLEAGUE = Caller("key-2", tenant="acme")
STRANGER = Caller("key-3", tenant="other")


def kit(**fields: Any) -> Kit:
    return Kit(**{"http": None, "store": None, **fields})


KIT = kit()


def by(caller: Caller | None, **changes: Any) -> Exchange:
    return replace(asking(**changes), caller=caller)


def test_no_key_gets_anothers_answers() -> None:
    callers = (ONE, COLLEAGUE, STRANGER, None)
    assert 4 == len({key_of(by(caller), KIT, "key") for caller in callers})
    assert key_of(by(ONE), KIT, "key") == key_of(by(ONE), KIT, "key")


def test_a_tenant_shares_and_never_with_another() -> None:
    keys = [key_of(by(caller), KIT, "tenant") for caller in (ONE, COLLEAGUE, STRANGER, None)]
    assert keys[0] == keys[1]
    assert 3 == len(set(keys))


def test_one_tenants_name_cannot_be_made_anothers() -> None:
    parts = [("a", "b"), ("a:b", ""), ("", "a:b"), ("ab", "")]
    keys = {key_of(by(Caller(id_, tenant=tenant)), KIT, "key") for tenant, id_ in parts}
    assert len(parts) == len(keys)


def test_the_key_begins_with_its_kind_and_its_tenant() -> None:
    key = key_of(by(ONE), KIT, "key")
    assert key
    kind, tenant, digest = key.split(":")
    assert ("cache", "acme", 40) == (kind, tenant, len(digest))


def routed(**routes: tuple[str, ...]) -> Exchange:
    async def nothing(*_: object) -> Any:
        return None

    session = Session("s", SessionState(routes=routes), nothing, nothing, nothing)
    return replace(by(ONE), session=session)


def test_what_a_models_name_stands_for_is_a_part_of_it() -> None:
    plain = by(ONE)
    keys = [
        key_of(plain, KIT, "key"),
        key_of(plain, kit(named_models={"m": (Target("a", "x"),)}), "key"),
        key_of(plain, kit(named_models={"m": (Target("b", "x"),)}), "key"),
        key_of(plain, kit(default_backend="other"), "key"),
        key_of(routed(m=("a:x",)), KIT, "key"),
        key_of(plain.at(Target("a", "x")), KIT, "key"),
        key_of(by(ONE, model="m2"), KIT, "key"),
    ]
    assert len(keys) == len(set(keys))
    assert key_of(plain, KIT, "key") == key_of(routed(m2=("a:x",)), KIT, "key")


def test_so_are_the_models_that_are_named_together() -> None:
    both = by(ONE, model="m | n")
    keys = {
        key_of(both, kit(named_models={"n": (Target(backend, "x"),)}), "key") for backend in "ab"
    }
    assert 2 == len(keys)


@pytest.mark.parametrize("name", ["own-beta", "Own-Beta"])
def test_so_is_what_is_new_with_a_vendor(name: str) -> None:
    with_beta = replace(by(ONE), client=Client(headers={name: "tools-2"}))
    other = replace(by(ONE), client=Client(headers={"user-agent": "x"}))
    keys = [key_of(exchange, KIT, "key") for exchange in (by(ONE), with_beta, other)]
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize("value", [2**70, object(), {1: 2}, "\ud800"])
def test_what_cannot_be_written_down_has_no_key(value: Any) -> None:
    assert key_of(by(ONE, params={"own": value}), KIT, "key") is None
