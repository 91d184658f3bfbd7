"""What a stored key looks like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.grants import Grants, LimitOf
from llm_proxy.pipeline.keys.stored import Shown, StoredKey, digest, parts_of, read, written


def stored(shown: Shown, expires: float | None = None) -> StoredKey:
    return StoredKey(shown.id, "acme", digest(shown.secret), shown.last, 1.0, expires)


def test_a_new_key_is_read_again_and_fits_itself_alone() -> None:
    shown, other = Shown.new(), Shown.new()
    assert shown != other
    assert shown.text.startswith("lp-")
    assert parts_of(shown.text) == shown
    assert stored(shown).fits(shown.secret)
    assert not stored(shown).fits(other.secret)


def test_a_new_secret_for_an_old_id() -> None:
    old = Shown.new()
    new = Shown.new(old.id)
    assert new.id == old.id
    assert new.secret != old.secret


@given(st.text() | st.from_regex(r"lp-[a-z0-9]{9,11}-[A-Za-z0-9_-]{42,44}", fullmatch=True))
def test_only_what_can_be_a_key_is_taken_for_one(text: str) -> None:
    parts = parts_of(text)
    assert parts is None or parts.text == text


@pytest.mark.parametrize("text", ["", "lp-", "sk-abc", "lp-abc-def", "lp-" + "a" * 10 + "-\udcff"])
def test_other_keys_are_no_stored_ones(text: str) -> None:
    assert parts_of(text) is None


def test_neither_the_secret_nor_the_whole_key_is_kept_or_printed() -> None:
    shown = Shown.new()
    key = stored(shown)
    for told in (written(key).decode(), repr(key), repr(shown), str(shown), f"{shown}"):
        assert shown.secret not in told
        assert shown.text not in told
    assert shown.secret.endswith(key.last)
    assert len(key.last) == 4


def test_what_is_kept_is_read_again() -> None:
    limits = (LimitOf("requests", 5, 60.0), LimitOf("money", 0.5, 86400.0))
    grants = Grants(limits, ("gpt-*",), ("openai",), "careful", Grants(models=("x",)))
    key = StoredKey("id", "acme", "0" * 64, "abcd", 1.5, 2.5, grants)
    assert read(written(key)) == key


@pytest.mark.parametrize("kept", [None, b"", b"{}", b"no JSON", b"\xff", b'{"id": "only"}'])
def test_what_cannot_be_read_opens_nothing(kept: bytes | None) -> None:
    assert read(kept) is None


@pytest.mark.parametrize(("now", "over"), [(1.9, False), (2.0, True), (2.1, True)])
def test_a_key_ends_when_its_time_is_over(now: float, *, over: bool) -> None:
    assert stored(Shown.new(), expires=2.0).has_expired(now) is over
    assert not stored(Shown.new()).has_expired(now)
