"""What is right, what is wrong, and the words for it."""

from typing import Any

import pytest

from llm_proxy.lab.answers import pieces_by, text_by
from llm_proxy.lab.case import Case
from llm_proxy.lab.client import Seen
from llm_proxy.lab.faults import FAULTS
from llm_proxy.lab.routes import Route
from llm_proxy.lab.verdict import Verdict, judge
from llm_proxy.pipeline.errors import UpstreamTimeout, UpstreamUnavailable
from llm_proxy.pipeline.events import End, Event, Finish, TextDelta
from llm_proxy.pipeline.trace import Target

A, B = Target("a", "x"), Target("b", "y")
ROUTE = Route("/v1/messages", "r", (A, B))
NAMED = {fault.name: fault for fault in FAULTS}


def verdict(seen: Seen, *, fault: str = "cut-1", tracebacks: tuple[str, ...] = ()) -> Verdict:
    case = Case(ROUTE, NAMED[fault], everywhere=False, stream=True)
    return judge(case, seen, [A, B], tracebacks)


def answer(text: str, **fields: Any) -> Seen:
    """An answer that ended as it should, from B at the second try."""
    headers = {
        "x-llm-proxy-attempts": "2",
        "x-llm-proxy-backend": "b",
        "x-llm-proxy-model": "y",
        **fields.pop("headers", {}),
    }
    events: list[Event] = [TextDelta(text), Finish("stop"), End()]
    if not text:
        events = events[1:]
    return Seen(**{"ending": "well", "status": 200, "events": events, "headers": headers, **fields})


BEGUN = pieces_by(A)[0]


def test_another_target_answers() -> None:
    assert verdict(answer(text_by(B))) == Verdict("another target", "200 from b:y, after 2 tries")


def test_the_faulty_one_answers_after_all() -> None:
    seen = answer(text_by(A), headers={"x-llm-proxy-attempts": "1"})
    assert verdict(seen) == Verdict("the same target", "200 from a:x")


def test_an_answer_without_text_where_that_is_what_was_given() -> None:
    headers = {"x-llm-proxy-backend": "a", "x-llm-proxy-model": "x"}
    assert verdict(answer("", headers=headers), fault="empty") == Verdict(
        "the same target", "200 without text (stop) from a:x, after 2 tries"
    )


def test_an_error_as_a_status() -> None:
    error = UpstreamUnavailable("busy")
    seen = answer("", ending="error", status=503, error=error, headers={"Retry-After": "7"})
    assert verdict(seen) == Verdict("an error", "503 unavailable, Retry-After 7, after 2 tries")


def test_an_error_in_the_stream() -> None:
    seen = answer(BEGUN, ending="error", error=UpstreamTimeout("silence"))
    words = '200, then an error in the stream after "answered by a:x,": silence, after 2 tries'
    assert verdict(seen) == Verdict("an error", words)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (
            answer(BEGUN + text_by(B)),
            f'200, an answer of no single target: "{BEGUN}{text_by(B)}"',
        ),
        (
            answer(BEGUN + "".join(pieces_by(B)[1:])),
            '200, an answer of no single target: "answered by a:x, all of it … by b:y"',
        ),
        (
            answer(BEGUN + BEGUN, ending="error", error=UpstreamTimeout("silence")),
            f'200, an answer of no single target: "{BEGUN}{BEGUN}"',
        ),
        (answer("Sorry!"), '200, an answer of no single target: "Sorry!"'),
        (answer(BEGUN), '200, a part that passes for the whole: "answered by a:x,"'),
        (answer(""), "200, an answer without text that no target gave"),
        (
            answer(BEGUN, ending="unfinished"),
            '200, then no end and no error after "answered by a:x,"',
        ),
        (
            answer(BEGUN, ending="broken"),
            '200, then the connection breaks after "answered by a:x,"',
        ),
        (answer("", ending="late"), "200, then hangs for 5 s"),
        (answer("", ending="garbled"), "200, then a body that is no answer"),
        (Seen("late"), "no answer, then hangs for 5 s"),
        (Seen("broken"), "no answer, then the connection breaks"),
    ],
)
def test_what_must_never_happen(seen: Seen, words: str) -> None:
    assert verdict(seen) == Verdict("wrong", words)


def test_a_traceback_is_wrong_whatever_the_client_saw() -> None:
    found = verdict(answer(text_by(B)), tracebacks=("ValueError: no",))
    words = "200 from b:y, after 2 tries (a traceback in the log: ValueError: no)"
    assert found == Verdict("wrong", words)


def test_a_long_beginning_is_shortened() -> None:
    seen = answer(text_by(A)[:-1], ending="error", error=UpstreamTimeout("silence"))
    long = Target("a", "x" * 60)
    case = Case(ROUTE, NAMED["cut-1"], everywhere=True, stream=True)
    assert "…" not in judge(case, answer(BEGUN, ending="unfinished"), [A], ()).words
    assert judge(case, seen, [A], ()).words.count("\n") == 0
    assert len(judge(case, answer(pieces_by(long)[0], ending="unfinished"), [long], ()).words) < 100


def resumed(seen: Seen) -> Verdict:
    route = Route("/v1/messages", "r", (A, B), resumes=True)
    return judge(Case(route, NAMED["cut-1"], everywhere=False, stream=True), seen, [A, B], ())


def test_one_may_go_on_where_another_broke_if_the_file_says_so() -> None:
    text = BEGUN + text_by(B)
    assert resumed(answer(text)) == Verdict("another target", "200 from a:x, then b:y")
    assert verdict(answer(text)).sort == "wrong"


@pytest.mark.parametrize("text", [BEGUN + pieces_by(B)[0], BEGUN + "?" + text_by(B), "who?"])
def test_but_the_last_must_come_to_its_end_and_nothing_stand_between(text: str) -> None:
    assert resumed(answer(text)).sort == "wrong"


def test_where_nobody_could_go_on_the_client_is_told() -> None:
    seen = answer(BEGUN + pieces_by(B)[0], ending="error", error=UpstreamTimeout("silence"))
    assert resumed(seen).sort == "an error"
