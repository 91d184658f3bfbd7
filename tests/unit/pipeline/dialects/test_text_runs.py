import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.text_runs import TextRuns

BEFORE = b'data: {"id":"1","choices":[{"delta":{"content":"'
AFTER = b'"},"finish_reason":null}]}\n\n'


def frame(body: bytes) -> bytes:
    return BEFORE + body + AFTER


def content_of(chunk: Any) -> tuple[dict[str, Any], str] | None:
    try:
        delta = chunk["choices"][0]["delta"]
        return (delta, "content") if isinstance(delta["content"], str) else None
    except (KeyError, IndexError, TypeError):
        return None


def learned(raw: bytes) -> TextRuns:
    runs = TextRuns(content_of, (b'"content":"', b'"content": "'))
    runs.learn(raw)
    return runs


FINISH = b'data: {"id":"1","choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
ESCAPED = [r"\n", r"\\", r"\"", r"\/", r"\u0041", r"\ud83d\ude00", r"\u2028", r"\u0000"]
PLAIN = ["\u2028", "é", "\U0001f600", "}]}", "{", ":", r"\"},\"finish_reason\":null}]}"]
bodies = st.lists(
    st.one_of(
        st.sampled_from(ESCAPED + PLAIN),
        st.text(st.characters(codec="utf-8")).map(lambda text: json.dumps(text)[1:-1]),
    ),
    max_size=5,
).map(lambda parts: "".join(parts).encode())


@given(st.lists(bodies, min_size=1, max_size=6))
def test_a_run_is_read_as_its_frames_one_by_one(texts: list[bytes]) -> None:
    block = b"".join(frame(body) for body in texts)
    expected = "".join(json.loads(b'"' + body + b'"') for body in texts)
    assert (expected, len(block)) == learned(frame(b"seen")).cut(block, 0)


@given(bodies, bodies)
def test_any_text_frame_teaches_the_same_shape(first: bytes, second: bytes) -> None:
    expected = json.loads(b'"' + second + b'"')
    assert (expected, len(frame(second))) == learned(frame(first)).cut(frame(second), 0)


def test_a_run_begins_where_it_is_asked_to() -> None:
    block = FINISH + frame(b"a") + frame(b"b")
    assert ("ab", len(block)) == learned(frame(b"x")).cut(block, len(FINISH))
    assert None is learned(frame(b"x")).cut(block, 0)


def test_a_run_ends_before_another_kind_of_frame() -> None:
    block = frame(b"a") + frame(b"b") + FINISH
    assert ("ab", len(block) - len(FINISH)) == learned(frame(b"x")).cut(block, 0)


def test_another_kind_of_frame_between_ends_a_run() -> None:
    run = frame(b"a") + frame(b"b")
    assert ("ab", len(run)) == learned(frame(b"x")).cut(run + FINISH + frame(b"c"), 0)


def test_a_run_is_bounded() -> None:
    text, end = learned(frame(b"x")).cut(frame(b"a") * 1000, 0) or ("", 0)
    assert ("a" * 512, 512 * len(frame(b"a"))) == (text, end)


@pytest.mark.parametrize(
    "block",
    [
        b"",
        FINISH,
        frame(b"a").replace(b'"id":"1"', b'"id":"2"'),
        frame(b"a").replace(b"null", b'"stop"'),
        frame(b'a","role":"assistant'),
        frame(b"line\nbreak"),
        frame(b"\\x"),
        frame(b"\xff"),
        frame(b"\\"),
        frame(b"\\ud83d"),
        BEFORE + b"a",
        BEFORE + b'a"',
    ],
)
def test_what_is_not_the_known_frame_is_left_to_the_parser(block: bytes) -> None:
    assert None is learned(frame(b"x")).cut(block, 0)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"a\\", b"nb"),
        (b"\\ud83d", b"\\ude00"),
        (b"\xc3", b"\xa9"),
        (b'a","b', b"c"),
        (b"a\\", b',"x'),
    ],
)
def test_two_frames_that_are_broken_alone_are_broken_together(first: bytes, second: bytes) -> None:
    assert None is learned(frame(b"x")).cut(frame(first) + frame(second), 0)


def test_nothing_is_known_before_a_frame_was_seen() -> None:
    assert None is TextRuns(content_of, (b'"content":"',)).cut(frame(b"a"), 0)


@pytest.mark.parametrize(
    "raw",
    [
        FINISH,
        b": a comment\n\n",
        frame(b"a").replace(b"\n", b"\r\n"),
        frame(b"a")[:-1],
        b"data: nonsense\n\n",
        b'data: {"content":"a","choices":[]}\n\n',
        b'data: {"content":"a","choices":[{"delta":{"content":["a"]}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"a","content":"b"}}]}\n\n',
        b'id: 1\ndata: {"choices":[{"delta":{"content":"a"}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"a"}}]}\nid: 1\n\n',
    ],
)
def test_a_frame_whose_text_is_not_surely_found_teaches_nothing(raw: bytes) -> None:
    assert None is learned(raw).cut(raw, 0)


def test_the_spaced_spelling_is_learned_too() -> None:
    raw = b'data: {"choices": [{"delta": {"content": "%s"}}]}\n\n'
    assert ("b", len(raw % b"b")) == learned(raw % b"a").cut(raw % b"b", 0)


def test_a_new_shape_replaces_the_old_one() -> None:
    runs = learned(frame(b"a"))
    other = frame(b"b").replace(b'"id":"1"', b'"id":"2"')
    runs.learn(other)
    assert ("b", len(other)) == runs.cut(other, 0)
    assert None is runs.cut(frame(b"a"), 0)


def test_a_frame_that_teaches_nothing_leaves_what_is_known() -> None:
    runs = learned(frame(b"a"))
    runs.learn(FINISH)
    assert ("b", len(frame(b"b"))) == runs.cut(frame(b"b"), 0)


def test_a_frame_nested_too_deeply_to_be_written_teaches_nothing() -> None:
    deep = b"[" * 300 + b"]" * 300
    raw = b'data: {"choices":[{"delta":{"content":"a"}}],"x":' + deep + b"}\n\n"
    assert None is learned(raw).cut(FINISH, 0)


NAMED = b"event: delta\n"


@given(st.lists(bodies, min_size=1, max_size=6))
def test_frames_with_a_name_are_read_alike(texts: list[bytes]) -> None:
    block = b"".join(NAMED + frame(body) for body in texts)
    expected = "".join(json.loads(b'"' + body + b'"') for body in texts)
    assert (expected, len(block)) == learned(NAMED + frame(b"seen")).cut(block, 0)


@pytest.mark.parametrize("other", [frame(b"b"), b"event: other\n" + frame(b"b"), NAMED + FINISH])
def test_a_run_of_named_frames_ends_before_any_other(other: bytes) -> None:
    first = NAMED + frame(b"a")
    assert ("a", len(first)) == learned(NAMED + frame(b"x")).cut(first + other, 0)


def test_a_named_frame_is_none_of_a_run_without_names() -> None:
    first = frame(b"a")
    assert ("a", len(first)) == learned(frame(b"x")).cut(first + NAMED + frame(b"b"), 0)
    assert None is learned(frame(b"x")).cut(NAMED + frame(b"b"), 0)
