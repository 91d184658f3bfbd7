"""Durations, sizes and lists."""

from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from llm_proxy.pipeline.values import Bytes, Listed, Networks, Seconds

SECONDS: TypeAdapter[float] = TypeAdapter(Seconds)
BYTES: TypeAdapter[int] = TypeAdapter(Bytes)
UNITS = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
SIZES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}
BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("2s", 2.0),
        ("1.5m", 90.0),
        ("1h", 3600.0),
        ("1d", 86400.0),
        ("30", 30.0),
        (" 5 M ", 300.0),
        (3, 3.0),
        (0.25, 0.25),
    ],
)
def test_durations(text: object, seconds: float) -> None:
    assert seconds == SECONDS.validate_python(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10MB", 10_000_000),
        ("64KiB", 65_536),
        ("1.5kb", 1500),
        ("1gib", 2**30),
        ("12 b", 12),
        ("7", 7),
        (7, 7),
    ],
)
def test_sizes(text: object, size: int) -> None:
    assert size == BYTES.validate_python(text)


NO_DURATION = 'Value error, "{}" is not a number with a unit, like "500ms", "30s" or "5m"'
NO_SIZE = 'Value error, "{}" is not a number with a unit, like "10MB"'


@pytest.mark.parametrize("text", ["", "s", "-1s", "1 s s", "1sec", "1e3", "1,5s", ".5s", "5.s"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValidationError) as raised:
        SECONDS.validate_python(text)
    assert [NO_DURATION.format(text)] == [error["msg"] for error in raised.value.errors()]


@pytest.mark.parametrize("text", ["", "MB", "10 megs", "1 TB", "1m", "-1", "0x10"])
def test_no_size(text: str) -> None:
    with pytest.raises(ValidationError) as raised:
        BYTES.validate_python(text)
    assert [NO_SIZE.format(text)] == [error["msg"] for error in raised.value.errors()]


@pytest.mark.parametrize("value", ["0", "0ms", 0, -1, float("nan")])
def test_a_duration_is_above_zero(value: object) -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        SECONDS.validate_python(value)


@pytest.mark.parametrize("value", ["0", "0.4b", 0, -1])
def test_a_size_is_above_zero(value: object) -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        BYTES.validate_python(value)


def test_a_size_beyond_all_numbers_is_refused_like_any_other() -> None:
    with pytest.raises(ValidationError):
        BYTES.validate_python("9" * 400)


@given(st.integers(1, 10**6), st.sampled_from(sorted(UNITS)), st.sampled_from(["", " ", "  "]))
def test_a_duration_is_its_number_times_its_unit(number: int, unit: str, space: str) -> None:
    for text in (f"{number}{space}{unit}", f"{number}{space}{unit.upper()}"):
        assert number * UNITS[unit] == SECONDS.validate_python(text)


@given(st.integers(1, 10**6), st.sampled_from(sorted(SIZES | BINARY)))
def test_a_size_is_its_number_times_its_unit(number: int, unit: str) -> None:
    for text in (f"{number}{unit}", f" {number} {unit.lower()} "):
        assert number * (SIZES | BINARY)[unit] == BYTES.validate_python(text)


@given(st.text() | st.from_regex(r"\s*[0-9.]+\s*[a-z]*\s*", fullmatch=True))
def test_any_text_is_a_value_above_zero_or_refused(text: str) -> None:
    for adapter in (SECONDS, BYTES):
        try:
            value = adapter.validate_python(text)
        except ValidationError:
            continue
        assert value > 0


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ("", ()),
        (" , ,", ()),
        ("a", ("a",)),
        ("a, b ,,c", ("a", "b", "c")),
        (["a, b", " c"], ("a, b", " c")),
        ([], ()),
    ],
)
def test_lists(value: object, items: tuple[str, ...]) -> None:
    listed: TypeAdapter[Any] = TypeAdapter(Listed)
    assert items == listed.validate_python(value)


@given(st.lists(st.text(st.characters(exclude_characters=",", exclude_categories=["Cs"]))))
def test_a_list_joined_with_commas_is_read_back(words: list[str]) -> None:
    listed: TypeAdapter[Any] = TypeAdapter(Listed)
    expected = tuple(word.strip() for word in words if word.strip())
    assert expected == listed.validate_python(",".join(words))


def test_networks() -> None:
    networks: TypeAdapter[Any] = TypeAdapter(Networks)
    expected = (IPv4Network("127.0.0.1/32"), IPv4Network("10.0.0.0/8"), IPv6Network("fd00::/8"))
    assert expected == networks.validate_python("127.0.0.1, 10.0.0.0/8,fd00::/8")
    assert expected == networks.validate_python(["127.0.0.1", "10.0.0.0/8", "fd00::/8"])
    with pytest.raises(ValidationError):
        networks.validate_python("10.0.0.0/8, nowhere")


@pytest.mark.parametrize("adapter", [SECONDS, BYTES])
def test_true_is_no_number(adapter: TypeAdapter[float]) -> None:
    with pytest.raises(ValidationError, match="true and false are no numbers"):
        adapter.validate_python(True)
