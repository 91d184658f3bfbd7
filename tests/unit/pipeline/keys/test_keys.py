"""Who comes with a stored key."""

import asyncio
from dataclasses import replace

import pytest

from llm_proxy.pipeline.errors import StateAway, Unauthorized
from llm_proxy.pipeline.exchange import Caller
from llm_proxy.pipeline.grants import NO_GRANTS, Grants, LimitOf
from llm_proxy.pipeline.keys.keys import GOOD_FOR, Keys
from llm_proxy.pipeline.keys.stored import Shown, StoredKey, digest, name_of, written
from llm_proxy.pipeline.state.memory import MemoryStore
from tests.support.clock import Clock


class Counting(MemoryStore):
    """Counts what it is asked for, and is away when a test says so."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.asked: list[str] = []
        self.is_away = False
        self.held: asyncio.Event | None = None

    async def load(self, key: str) -> bytes | None:
        self.asked.append(key)
        if self.held:
            await self.held.wait()
        if self.is_away:
            raise StateAway("gone")
        return await super().load(key)


class Desk:
    """Stored keys, and a clock for all of it."""

    def __init__(self, **tenants: Grants) -> None:
        self.clock = Clock()
        self.store = Counting(self.clock)
        self.keys = Keys(self.store, tenants or {"acme": NO_GRANTS}, self.clock, self.clock)

    async def make(
        self, tenant: str = "acme", expires: float | None = None, grants: Grants = NO_GRANTS
    ) -> tuple[str, str]:
        """A new key, and its id."""
        shown = Shown.new()
        key = StoredKey(shown.id, tenant, digest(shown.secret), shown.last, 0.0, expires, grants)
        await self.store.save(name_of(shown.id), written(key), 1e9)
        return shown.text, shown.id

    async def refusal(self, credential: str) -> Unauthorized:
        with pytest.raises(Unauthorized) as caught:
            await self.keys.caller(credential)
        return caught.value


async def test_a_caller_is_known_by_its_tenant_and_key() -> None:
    desk = Desk()
    key, id_ = await desk.make()
    caller = await desk.keys.caller(key)
    assert (caller.id, caller.tenant) == (f"acme/{id_}", "acme")


async def test_a_key_stays_within_what_its_tenant_may() -> None:
    tenant = Grants((LimitOf("tokens", 9, 1.0, "tenant"),), ("gpt-*",), ("openai",), "usual")
    desk = Desk(acme=tenant)
    own = Grants((LimitOf("requests", 5, 1.0),), ("*-mini",))
    key, _ = await desk.make(grants=own)
    grants = (await desk.keys.caller(key)).grants
    assert grants == Grants((*own.limits, *tenant.limits), own.models, (), "usual", tenant)
    assert grants.allow("openai", "gpt-4o-mini")
    assert not grants.allow("openai", "gpt-4o")
    assert not grants.allow("openai", "o3-mini")
    assert not grants.allow("azure", "gpt-4o-mini")


async def test_a_keys_own_chain_goes_before_its_tenants() -> None:
    desk = Desk(acme=Grants(pipeline="usual"))
    key, _ = await desk.make(grants=Grants(pipeline="mine"))
    assert (await desk.keys.caller(key)).grants.pipeline == "mine"


@pytest.mark.parametrize("credential", ["", "sk-abc", "lp-abc-def", Shown.new().text])
async def test_a_key_that_is_not_there_is_wrong(credential: str) -> None:
    assert (await Desk().refusal(credential)).message == "wrong API key"


async def test_what_cannot_be_a_stored_key_is_not_looked_up() -> None:
    desk = Desk()
    for credential in ("", "sk-abc", "lp-abc-def", "x" * 100_000):
        await desk.refusal(credential)
    assert desk.store.asked == []


async def test_a_right_id_with_a_wrong_secret_is_wrong() -> None:
    desk = Desk()
    _, id_ = await desk.make()
    assert (await desk.refusal(Shown.new(id_).text)).message == "wrong API key"


async def test_an_expired_key_is_told_so() -> None:
    desk = Desk()
    key, _ = await desk.make(expires=desk.clock() + 60)
    await desk.keys.caller(key)
    desk.clock.now += 60
    assert (await desk.refusal(key)).message == "the API key has expired"


async def test_only_the_right_secret_learns_that_a_key_has_expired() -> None:
    desk = Desk()
    _, id_ = await desk.make(expires=desk.clock() - 1)
    assert (await desk.refusal(Shown.new(id_).text)).message == "wrong API key"


async def test_a_tenant_that_the_file_does_not_have_has_no_keys() -> None:
    desk = Desk()
    key, id_ = await desk.make("gone")
    refusal = await desk.refusal(key)
    assert refusal.message == "wrong API key"
    assert refusal.for_log == f'the file has no tenant "gone" for the key {id_}'


async def test_a_key_is_looked_up_once_however_many_come_with_it() -> None:
    desk = Desk()
    key, id_ = await desk.make()
    desk.store.held = asyncio.Event()
    coming = [asyncio.create_task(desk.keys.caller(key)) for _ in range(20)]
    await asyncio.sleep(0)
    coming.pop().cancel()
    desk.store.held.set()
    callers = await asyncio.gather(*coming)
    desk.clock.now += GOOD_FOR - 0.01
    assert {*callers, await desk.keys.caller(key)} == {callers[0]}
    assert desk.store.asked == [name_of(id_)]
    desk.clock.now += 0.02
    await desk.keys.caller(key)
    assert len(desk.store.asked) == 2


async def test_a_wrong_key_is_looked_up_once_as_well() -> None:
    desk = Desk()
    wrong = Shown.new()
    for secret in range(50):
        await desk.refusal(wrong.text)
        await desk.refusal(Shown.new(wrong.id).text)
        assert len(desk.store.asked) == 1, secret


async def test_a_revoked_key_is_wrong_within_a_second() -> None:
    desk = Desk()
    key, id_ = await desk.make()
    await desk.keys.caller(key)
    await desk.store.drop(name_of(id_))
    desk.clock.now += GOOD_FOR
    assert GOOD_FOR < 1
    await desk.refusal(key)


async def test_a_slow_answer_counts_from_when_it_was_asked_for() -> None:
    desk = Desk()
    key, id_ = await desk.make()
    desk.store.held = asyncio.Event()
    first = asyncio.create_task(desk.keys.caller(key))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    desk.clock.now += GOOD_FOR - 0.01
    desk.store.held.set()
    await first
    await desk.store.drop(name_of(id_))
    desk.clock.now += 0.02
    await desk.refusal(key)


async def test_where_nobody_can_tell_it_is_told_and_asked_again_at_once() -> None:
    desk = Desk()
    key, _ = await desk.make()
    desk.store.is_away = True
    for _ in range(2):
        results = await asyncio.gather(
            *(desk.keys.caller(key) for _ in range(5)), return_exceptions=True
        )
        assert {StateAway} == {type(result) for result in results}
    assert len(desk.store.asked) == 2
    desk.store.is_away = False
    assert isinstance(await desk.keys.caller(key), Caller)


async def test_two_keys_of_one_tenant_and_of_two_are_different_callers() -> None:
    desk = Desk(acme=NO_GRANTS, other=NO_GRANTS)
    made = [await desk.make("acme"), await desk.make("acme"), await desk.make("other")]
    assert len({(await desk.keys.caller(key)).id for key, _ in made}) == 3


async def test_rotation_does_not_change_who_comes() -> None:
    desk = Desk()
    key, id_ = await desk.make()
    before = await desk.keys.caller(key)
    new = Shown.new(id_)
    kept = StoredKey(id_, "acme", digest(new.secret), new.last, 0.0)
    await desk.store.save(name_of(id_), written(replace(kept)), 1e9)
    desk.clock.now += GOOD_FOR
    assert await desk.keys.caller(new.text) == before
    await desk.refusal(key)
