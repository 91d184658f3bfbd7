"""The keys of one backend."""

from llm_proxy.backends.keys import KeyRing


def ring(*keys: str) -> KeyRing:
    return KeyRing(keys, lambda key: {"x-key": key})


def test_one_key_has_no_name_to_choose() -> None:
    assert ring("fake-a").names == ()
    assert ring("fake-a").header() == {"x-key": "fake-a"}


def test_several_keys_are_numbered() -> None:
    keys = ring("fake-a", "fake-b")
    assert keys.names == ("1", "2")
    assert keys.header("2") == {"x-key": "fake-b"}
    assert keys.header() == keys.header("1") == keys.header("9") == {"x-key": "fake-a"}


def test_without_a_key_there_is_no_header() -> None:
    assert (ring().names, ring().header("1")) == ((), {})


def test_no_key_stays_in_what_a_vendor_says() -> None:
    said = b"neither fake-a nor fake-b is known"
    assert ring("fake-a", "fake-b").clean(said) == b"neither [key] nor [key] is known"
    assert ring().clean(said) == said
