"""Items read when they are looked at."""

import pytest

from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.lazy import LazySequence


class Reader:
    def __init__(self) -> None:
        self.read: list[int] = []

    def __call__(self, raw: str, index: int) -> str:
        self.read.append(index)
        if raw == "bad":
            raise BadRequest("bad", param=f"messages[{index}]")
        return raw.upper()


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_only_what_is_looked_at_is_read_and_only_once(reader: Reader) -> None:
    items = LazySequence(["a", "b", "c", "d"], reader)
    assert ("B", "D", "B", "D") == (items[1], items[-1], items[1], items[3])
    assert [1, 3] == reader.read


def test_length_and_repr_read_nothing(reader: Reader) -> None:
    items = LazySequence(["a", "bad"], reader)
    assert (2, "LazySequence(2 items)") == (len(items), repr(items))
    assert [] == reader.read


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        (slice(None), ("A", "B", "C")),
        (slice(1, None), ("B", "C")),
        (slice(-2, None), ("B", "C")),
        (slice(None, None, -1), ("C", "B", "A")),
        (slice(2, 99), ("C",)),
        (slice(3, None), ()),
    ],
)
def test_a_slice_is_a_tuple(cut: slice, expected: tuple[str, ...], reader: Reader) -> None:
    assert expected == LazySequence(["a", "b", "c"], reader)[cut]


def test_a_slice_reads_no_more_than_itself(reader: Reader) -> None:
    assert ("B",) == LazySequence(["a", "b", "bad"], reader)[1:2]
    assert [1] == reader.read


def test_it_is_a_sequence(reader: Reader) -> None:
    items = LazySequence(["a", "b"], reader)
    assert ["A", "B"] == list(items)
    assert ["B", "A"] == list(reversed(items))
    assert "B" in items
    assert 1 == items.index("B")


@pytest.mark.parametrize("index", [2, 99, -3, -4, -99])
def test_there_is_nothing_beyond_the_ends(index: int, reader: Reader) -> None:
    with pytest.raises(IndexError):
        LazySequence(["a", "b"], reader)[index]
    assert [] == reader.read


def test_an_item_that_cannot_be_read_says_where_it_stands(reader: Reader) -> None:
    items = LazySequence(["a", "bad"], reader)
    for index in (1, -1):
        with pytest.raises(BadRequest) as raised:
            items[index]
        assert "messages[1]" == raised.value.param
