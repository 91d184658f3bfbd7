"""What of a message did the user type, and what did a client or a paste put there?

A command counts where a line starts that the user typed. These lines he did not type:

- fenced code, as in CommonMark; a fence that is not closed goes to the end of the message;
- an element, `<name …>` up to the *last* `</name>` of its text, so that a file or a web page in
  it cannot step out by a closing tag of its own. If its text has none, up to the last of the
  message. If that has none either, a tag at the start of a line opens an element up to the end
  of the message, and a tag inside a line or in fenced code is no element;
- the files that terminal agents add to what was typed, between `--- Content from … ---` and the
  last `--- End of … ---` of the message;
- what follows `[read_file for '…'] Result:`, as Cline and its kin write the results of tools.

The elements of `_TYPED` are the exception: clients wrap in them what the user typed.

Limits: what stands between two elements of one name in one text does not count. Foreign text that
nothing marks counts as typed, as does what a program prints inside `[attempt_completion] Result:`.
"""

import re
from collections.abc import Sequence

# Looked up in the clients' sources. Cline, Roo Code and Kilo Code look for "@" mentions in the
# first four alone; Cursor has the last.
_TYPED = ("task", "feedback", "answer", "user_message", "user_query")

# What clients add to every message by themselves, so that it says nothing on its own.
_CONTEXT = frozenset(
    {
        "system-reminder",  # Claude Code, OpenCode
        "environment_details",  # Cline, Roo Code, Kilo Code
        "environment_context",  # Codex
        "session_context",  # Google's CLI
        "timestamp",  # Cursor, like the others below
        "user_info",
        "attached_files",
        "additional_data",
    }
)

# Tools of Cline and its kin whose result is what the user says to a question.
_ASKING = ("ask_followup_question", "attempt_completion", "plan_mode_respond")

_BLANKS = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*")
_NAME = r"[A-Za-z][A-Za-z0-9_.:-]*"
_OPENING = re.compile(rf"<({_NAME})(?=[\s>])")
_ONLY_A_TAG = re.compile(r"<[A-Za-z][^<>]*(?<=/)>")
_CLOSING = re.compile(rf"</({_NAME})\s*>")
_WRAPPERS = re.compile(rf"(?:[ \t]*<(?:{'|'.join(_TYPED)})>)*")
_WRAPPER = re.compile(rf"</?(?:{'|'.join(_TYPED)})>")
_FENCE = re.compile(r"[\u200b-\u200f\u2060\ufeff]* {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_FENCE_END = re.compile(r" {0,3}(`{3,}|~{3,})[ \t\r\n]*")
_NOTABLE = re.compile(r"[<`~\[-]")  # without one of these a line opens and closes nothing
_RESULT = re.compile(rf"\[(?!(?:{'|'.join(_ASKING)})\b)[a-z][a-z_]*(?: for '|\] Result:)")
_FILES = "--- Content from "
_FILES_END = re.compile(r"^--- End of .*---", re.MULTILINE)

Place = tuple[int, int]
"""A text of the message by its index, and a position in it."""


def is_bare(text: str) -> bool:
    """Whether there is nothing but blanks and the tags around what was typed."""
    return not _WRAPPER.sub("", text).strip()


class Typed:
    """Reads the texts of a message from front to back, each line once.

    `says_more` is whether anything was met, since it was last set, but what clients add and tags
    around what was typed.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.says_more = False
        self._fence = ""
        self._foreign_until: Place = (0, 0)
        self._closings = [_last_closings(text) for text in texts]
        self._last: dict[str, Place] = {
            name: (index, end)
            for index, closings in enumerate(self._closings)
            for name, end in closings.items()
        }

    def enter(self, index: int) -> int:
        """Where the first line of a text starts that is not inside what began in one before."""
        until, position = self._foreign_until
        if until < index or (until, position) == (index, 0):
            return 0
        if until > index:
            return len(self.texts[index])
        return self._pass(index, position, at_start=False)

    def start(self, index: int, position: int) -> int | None:
        """Where in the line that starts at `position` a command may stand."""
        if self._fence:
            return None
        wrappers = _WRAPPERS.match(self.texts[index], position)
        return wrappers.end() if wrappers else position

    def pass_line(self, index: int, position: int) -> int:
        """Read a line from its start on, with what it opens; gives where the next line starts."""
        return self._pass(index, position, at_start=True)

    def _pass(self, index: int, position: int, *, at_start: bool) -> int:
        text = self.texts[index]
        end = _line_end(text, position)
        if not _NOTABLE.search(text, position, end):
            self._meet(text[position:end])
            return end
        if at_start:
            self._fence = _fence_after(text[position:end], self._fence)
        opened = self._marked(index, position, end) if at_start else None
        lone = _first_character(text, position, end) if at_start and not self._fence else -1
        while opened := opened or self._opened(index, position, end, lone):
            begin, (until, behind), says_more = opened
            self._meet(text[position:begin], says_more=says_more)
            if until != index:
                self._foreign_until = until, behind
                return len(text)
            opened, position = None, behind
            if position > end:
                end = _line_end(text, position)
        self._meet(text[position:end])
        return end

    def _meet(self, typed: str, *, says_more: bool = False) -> None:
        self.says_more = self.says_more or says_more or not is_bare(typed)

    def _marked(self, index: int, position: int, end: int) -> "_Foreign | None":
        """What a mark at the start of this line says not to be typed."""
        text = self.texts[index]
        if _RESULT.match(text, position, end):
            return position, self._end, True
        if text.startswith(_FILES, position) and text[position:end].rstrip().endswith("---"):
            return position, self._end_of_files((index, position)), True
        return None

    def _opened(self, index: int, position: int, end: int, lone: int) -> "_Foreign | None":
        """The first element that opens in this line; `lone` is where one needs no closing tag."""
        text = self.texts[index]
        for tag in _OPENING.finditer(text, position, end):
            begin, name = tag.start(), tag[1].lower()
            if _WRAPPER.match(text, begin):
                continue
            if until := self._closed(name, (index, begin)):
                return begin, until, name not in _CONTEXT
            if begin == lone and not _ONLY_A_TAG.match(text, begin, end):
                return begin, self._end, True
        return None

    def _closed(self, name: str, opened: Place) -> Place | None:
        here = opened[0], self._closings[opened[0]].get(name, 0)
        last = here if here > opened else self._last.get(name, opened)
        return last if last > opened else None

    def _end_of_files(self, opened: Place) -> Place:
        for index in reversed(range(opened[0], len(self.texts))):
            ends = [end.end() for end in _FILES_END.finditer(self.texts[index])]
            if ends and (index, ends[-1]) > opened:
                return index, ends[-1]
        return self._end

    @property
    def _end(self) -> Place:
        return len(self.texts), 0


_Foreign = tuple[int, Place, bool]
"""Where foreign text begins in a line, where it ends, and whether it says anything on its own."""


def _last_closings(text: str) -> dict[str, int]:
    return {tag[1].lower(): tag.end() for tag in _CLOSING.finditer(text)}


def _line_end(text: str, position: int) -> int:
    return text.find("\n", position) + 1 or len(text)


def _first_character(text: str, position: int, end: int) -> int:
    blanks = _BLANKS.match(text, position, end)
    return blanks.end() if blanks else position


def _fence_after(line: str, fence: str) -> str:
    """The fence that is open behind a line.

    To open one, whatever a person might see as a line end is one; to close one, a line feed alone.
    """
    if fence:
        end = _FENCE_END.fullmatch(line)
        return "" if end and end[1].startswith(fence) else fence
    marks = (_FENCE.match(piece) for piece in line.splitlines())
    return next((str(mark[1]) for mark in marks if mark), "")
