"""Whether what a client saw of a fault is right, and in words."""

from collections.abc import Sequence
from http import HTTPStatus
from textwrap import shorten
from typing import Literal

from llm_proxy.lab.answers import text_by
from llm_proxy.lab.case import Case
from llm_proxy.lab.client import PATIENCE, Ending, Seen
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.trace import Target

Sort = Literal["another target", "the same target", "an error", "wrong"]
"""Who answered: another target than the faulty first; that one itself; nobody, and the client was
told; or something that must never happen."""


_SHOWN = 50
"""Characters of an answer that is broken off."""


_NEVER: dict[Ending, str] = {
    "late": f"then hangs for {PATIENCE:g} s",
    "broken": "then the connection breaks",
    "unfinished": "then no end and no error",
    "garbled": "then a body that is no answer",
}
"""How an answer must never end."""


@record
class Verdict:
    """What a client saw, on a line."""

    sort: Sort
    words: str


def judge(case: Case, seen: Seen, asked: Sequence[Target], tracebacks: Sequence[str]) -> Verdict:
    """`asked` are the targets that the vendor was asked for, `tracebacks` our own failures."""
    verdict = _of_answer(case, seen, asked)
    if not tracebacks:
        return verdict
    return Verdict("wrong", f"{verdict.words} (a traceback in the log: {tracebacks[0]})")


def _of_answer(case: Case, seen: Seen, asked: Sequence[Target]) -> Verdict:
    heard = f' after "{shorten(seen.text, _SHOWN, placeholder=" …")}"' if seen.text else ""
    begun = "no answer" if seen.status is None else str(seen.status)
    speaker = _speaker(seen.text, asked)
    if seen.text and speaker is None and case.route.resumes:
        return _of_resumed_answer(seen, asked, heard)
    if seen.text and speaker is None:
        return Verdict("wrong", f'{begun}, an answer of no single target: "{seen.text}"')
    if seen.ending == "well":
        return _of_whole_answer(case, seen, speaker)
    if seen.ending == "error":
        return Verdict("an error", _error(seen, heard) + _after(seen))
    return Verdict("wrong", f"{begun}, {_NEVER[seen.ending]}{heard}")


def _of_resumed_answer(seen: Seen, asked: Sequence[Target], heard: str) -> Verdict:
    speakers = _speakers(seen.text, asked)
    if not speakers or seen.ending not in ("well", "error"):
        return Verdict("wrong", f'{seen.status}, an answer of no target: "{seen.text}"')
    if seen.ending == "error":
        return Verdict("an error", _error(seen, heard))
    if not seen.text.endswith(text_by(speakers[-1])):
        return Verdict("wrong", f'{seen.status}, a part that passes for the whole: "{seen.text}"')
    return Verdict("another target", f"{seen.status} from {', then '.join(map(str, speakers))}")


def _of_whole_answer(case: Case, seen: Seen, speaker: Target | None) -> Verdict:
    if speaker and seen.text != text_by(speaker):
        return Verdict("wrong", f'{seen.status}, a part that passes for the whole: "{seen.text}"')
    if not speaker and not case.fault.says_nothing:
        return Verdict("wrong", f"{seen.status}, an answer without text that no target gave")
    target = speaker or seen.target
    empty = "" if speaker else f" without text ({seen.finish})"
    words = f"{seen.status}{empty} from {target}{_after(seen)}"
    return Verdict("the same target" if case.route.is_first(target) else "another target", words)


def _speaker(text: str, asked: Sequence[Target]) -> Target | None:
    """The target whose text this is, or begins to be."""
    return next((at for at in asked if text and text_by(at).startswith(text)), None)


def _speakers(text: str, asked: Sequence[Target]) -> list[Target]:
    """Those whose texts, each but the last broken off, are the text; none if it is not made so."""
    speakers: list[Target] = []
    for at in asked:
        said = _common_beginning(text, text_by(at))
        if str(at) in said:
            speakers.append(at)
            text = text.removeprefix(said)
    return [] if text else speakers


def _common_beginning(one: str, other: str) -> str:
    differ = (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return one[: next(differ, len(other))]


def _error(seen: Seen, heard: str) -> str:
    if seen.status == HTTPStatus.OK:
        return f"200, then an error in the stream{heard}: {seen.error}"
    word = seen.error.kind.value.replace("_", " ") if seen.error else ""
    wait = seen.headers.get("Retry-After")
    return f"{seen.status} {word}" + (f", Retry-After {wait}" if wait else "")


def _after(seen: Seen) -> str:
    return "" if seen.tries <= 1 else f", after {seen.tries} tries"
