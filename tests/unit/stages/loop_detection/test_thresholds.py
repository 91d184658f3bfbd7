"""How long a repetition must last, by what it is."""

import pytest

from llm_proxy.stages.loop_detection.thresholds import Kind, Thresholds, is_plain_language, kind_of

PROSE = b"the answer is what it was before, and so it goes on. "


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        (PROSE, "words"),
        (b"again and ", "words"),
        ("и снова, ".encode(), "words"),
        ("你好世界再见".encode(), "words"),
        ("�".encode(), "data"),
        (b"a", "data"),
        (b"hahaha", "data"),
        (b"0, ", "data"),
        (b"AAAA", "data"),
        (b'{"x": 0, "y": 0}, ', "data"),
        (b"0, 0, 0, 0], [", "data"),
        (b"return value[index] or default(name) ", "mixed"),
        (b"-", "rule"),
        (b"|---|---|", "rule"),
        (b" ", "blank"),
        (b"\n \n", "blank"),
    ],
)
def test_kinds(piece: bytes, expected: Kind) -> None:
    assert expected == kind_of(piece)


def test_a_row_of_a_table_is_no_plain_language() -> None:
    assert is_plain_language(PROSE)
    assert not is_plain_language(b"| " + PROSE + b"| " + PROSE)
    assert not is_plain_language(b"0, ")


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        (50, {}, 320),
        (100, {}, 350),
        (1000, {}, 3500),
        (50, {"careful": True}, 480),
        (100, {"careful": True}, 525),
        (1000, {"careful": True}, 3850),
        (50, {"counting": True}, 2112),
        (100, {"counting": True}, 385),
        (1000, {"counting": True}, 3850),
    ],
)
def test_words(size: int, options: dict[str, bool], expected: float) -> None:
    piece = (PROSE * 100)[:size]
    needed = Thresholds().needed(piece, **{"careful": False, **options})
    assert expected == pytest.approx(needed)


@pytest.mark.parametrize(
    ("piece", "expected", "careful"),
    [
        (b"[x] = f(y) or g(z) ", 1120, 3360),
        (b"0, ", 3840, 7680),
        (b"-", 3200, 6400),
        (b"\n", 1600, 3200),
    ],
)
def test_what_is_repeated_for_a_reason_may_be_longer(
    piece: bytes, expected: float, careful: float
) -> None:
    assert expected == Thresholds().needed(piece, careful=False)
    assert careful == Thresholds().needed(piece, careful=True)


def test_the_options_count() -> None:
    thresholds = Thresholds(rounds=10, length=100)
    assert thresholds.needed(PROSE, careful=False) == 10 * len(PROSE)
    assert thresholds.needed(b"again and ", careful=False) == 100
