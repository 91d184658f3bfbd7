"""Values of one kind."""

from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.state.shelf import Bound, Shelf
from tests.support.clock import Clock

KEYS = "abcde"

_acts = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(KEYS), st.binary(max_size=12), st.integers(1, 9)),
    st.tuples(st.just("get"), st.sampled_from(KEYS), st.just(b""), st.just(0)),
    st.tuples(st.just("drop"), st.sampled_from(KEYS), st.just(b""), st.just(0)),
    st.tuples(st.just("wait"), st.just(""), st.just(b""), st.integers(1, 5)),
)


@given(st.lists(_acts, max_size=60))
def test_nothing_is_ever_told_but_what_was_kept_last_and_lives(
    acts: list[tuple[str, str, bytes, int]],
) -> None:
    clock, bound = Clock(), Bound(3, 20)
    shelf, model = Shelf(clock, bound), dict[str, tuple[bytes, float]]()
    for act, key, value, number in acts:
        match act:
            case "put":
                shelf.put(key, value, number)
                model[key] = value, clock.now + number
            case "get":
                found = shelf.get(key)
                kept, end = model.get(key, (None, 0.0))
                assert found is None or (found == kept and clock.now < end)
            case "drop":
                shelf.drop(key)
                model.pop(key, None)
            case _:
                clock.now += number
        values = [value for value, _ in shelf._values.values()]
        assert len(values) <= bound.number
        assert shelf._size == sum(map(len, values)) <= bound.room


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(1, 9)), max_size=30))
def test_within_the_bound_nothing_that_lives_is_ever_missing(puts: list[tuple[str, int]]) -> None:
    clock = Clock()
    shelf, ends = Shelf(clock, Bound(len(KEYS), 100)), dict[str, float]()
    for key, ttl in puts:
        shelf.put(key, key.encode(), ttl)
        ends[key] = clock.now + ttl
        clock.now += 1
        for one, end in ends.items():
            assert shelf.get(one) == (one.encode() if clock.now < end else None)


def test_what_has_expired_is_looked_for_at_most_once_a_second() -> None:
    clock = Clock()
    shelf = Shelf(clock, Bound(3, 100))
    for key, ttl in (("a", 100), ("b", 0.5), ("c", 1.2)):
        shelf.put(key, b"", ttl)
    clock.now += 0.5
    shelf.put("d", b"", 100)
    assert ["a", "c", "d"] == list(shelf._values)
    clock.now += 0.9
    shelf.put("e", b"", 100)  # "c" is over by now, yet the last look was not long ago
    assert ["c", "d", "e"] == list(shelf._values)
    clock.now += 0.2
    shelf.put("f", b"", 100)
    assert ["d", "e", "f"] == list(shelf._values)
