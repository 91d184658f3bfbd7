"""The commands in the texts of a message: `typed` tells where one may stand, `grammar` reads it."""

from collections.abc import Sequence
from dataclasses import field

from llm_proxy.pipeline.record import record
from llm_proxy.stages.commands.grammar import Call, Line, Mistake, read_command
from llm_proxy.stages.commands.typed import Typed

__all__ = ["Call", "Mistake", "Parsed", "mentions", "parse_commands", "parse_texts"]


@record
class Parsed:
    """The commands of a text, in order, and the text without them.

    `says_more` is whether `rest` has anything that the user may have said: what clients add to
    each message, and tags around what was typed, say nothing.
    """

    calls: tuple[Call | Mistake, ...]
    rest: str
    says_more: bool = field(default=True, compare=False)

    @property
    def is_only_commands(self) -> bool:
        """Whether the user typed commands and nothing else."""
        return bool(self.calls) and not self.says_more


def mentions(text: str, prefix: str) -> bool:
    """Whether the prefix stands where a command could begin: where a line does, or behind a tag.

    A single character is found eighty times faster than two (10 and 860 µs in a megabyte), and most
    texts of a long history do not even have the first one; but scripts have `#!/`.
    """
    if prefix[0] not in text:
        return False
    return text.startswith(prefix) or f"\n{prefix}" in text or f">{prefix}" in text


def parse_commands(text: str, prefix: str) -> Parsed:
    """Take the commands out of a message of one text; no text raises."""
    return parse_texts([text], prefix)[0]


def parse_texts(texts: Sequence[str], prefix: str) -> tuple[Parsed, ...]:
    """Take the commands out of the texts of one message, in their order; no text raises.

    They belong together, for clients write what opens and what closes a foreign block into several.
    A text without commands comes back as the same object. `prefix` has no line feed in it.
    """
    if not any(mentions(text, prefix) for text in texts):
        return tuple(Parsed((), text) for text in texts)
    typed = Typed(texts)
    return tuple(_parsed(typed, index, prefix) for index in range(len(texts)))


def _parsed(typed: Typed, index: int, prefix: str) -> Parsed:
    text = typed.texts[index]
    typed.says_more = False
    calls: list[Call | Mistake] = []
    kept: list[str] = []
    position = typed.enter(index)
    copied, line = 0, Line(text, 1, 0, -1)
    while position < len(text):
        start = typed.start(index, position)
        if start is not None and text.startswith(prefix, start):
            line = _line_at(start, line)
            if found := read_command(line, start, prefix):
                call, end = found
                calls.append(call)
                kept.append(text[copied:start])
                # What stands behind a command starts a line once the command is gone.
                position = copied = _behind_blanks(text, end)
                continue
        position = typed.pass_line(index, position if start is None else start)
    kept.append(text[copied:])
    return Parsed(tuple(calls), "".join(kept) if calls else text, typed.says_more)


def _line_at(position: int, before: Line) -> Line:
    """The line around `position`, counted on from one at or before it."""
    text, number = before.text, before.number
    if position < before.end:
        return before
    number += text.count("\n", before.begin, position)
    end = text.find("\n", position)
    return Line(text, number, text.rfind("\n", 0, position) + 1, len(text) if end < 0 else end)


def _behind_blanks(text: str, position: int) -> int:
    """A command alone on its line takes the line with it."""
    while position < len(text) and text[position] in " \t\r":
        position += 1
    return position + 1 if text.startswith("\n", position) else position
