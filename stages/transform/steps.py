"""What rules do to the events of an answer, however its text is cut into pieces."""

import re
from collections.abc import Sequence
from dataclasses import replace

from llm_proxy.pipeline.events import LIFE_CYCLE, Event, ReasoningDelta, TextDelta
from llm_proxy.stages.transform.held_back import held_back
from llm_proxy.stages.transform.rules import Replacement

_OPEN, _CLOSE = "<think>", "</think>"


class ReplaceText:
    """A step that replaces texts, also where one is spread over several events."""

    def __init__(self, replacements: Sequence[Replacement]) -> None:
        self._texts = {replacement.find: replacement.with_ for replacement in replacements}
        longest_first = sorted(self._texts, key=len, reverse=True)
        self._longest = len(longest_first[0])
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        self._held = ""

    def __call__(self, event: Event) -> Sequence[Event]:
        if isinstance(event, TextDelta):
            return self._text(event)
        if isinstance(event, LIFE_CYCLE) or not self._held:
            return (event,)
        held, self._held = self._held, ""
        return (TextDelta(self._replaced(held)), event)

    def _text(self, event: TextDelta) -> Sequence[Event]:
        text = self._held + event.text
        passed, self._held = self._settled(text)
        if passed == event.text:
            return (event,)
        return (replace(event, text=passed, frame=None),) if passed else ()

    def _settled(self, text: str) -> tuple[str, str]:
        """What of `text` is decided, replaced, and what more text could still make a match, or a
        longer one."""
        pieces: list[str] = []
        position = 0
        while True:
            undecided = max(position, len(text) - self._longest + 1)
            waits = len(text) - held_back(text[undecided:], self._texts)
            match = self._pattern.search(text, position)
            if match is None or match.start() >= waits:
                return "".join([*pieces, text[position:waits]]), text[waits:]
            pieces += [text[position : match.start()], self._texts[match[0]]]
            position = match.end()

    def _replaced(self, text: str) -> str:
        return self._pattern.sub(lambda match: self._texts[match[0]], text)


class ThinkTags:
    """A step that moves a `<think>…</think>` at the beginning of the text to reasoning."""

    def __init__(self) -> None:
        self._held = ""
        self._read = self._before

    def __call__(self, event: Event) -> Sequence[Event]:
        if isinstance(event, TextDelta):
            if self._read == self._after and not self._held:
                return (event,)
            text, self._held = self._held + event.text, ""
            events = self._read(text)
            return (event,) if events == [TextDelta(event.text)] else events
        if isinstance(event, LIFE_CYCLE) or not self._held:
            return (event,)
        text, self._held = self._held, ""
        inside = self._read == self._inside
        self._read = self._after
        return (ReasoningDelta(text) if inside else TextDelta(text), event)

    def _before(self, text: str) -> list[Event]:
        begun = text.lstrip()
        if begun.startswith(_OPEN):
            self._read = self._inside
            return self._inside(begun.removeprefix(_OPEN))
        if _OPEN.startswith(begun):
            self._held = text
            return []
        self._read = self._after
        return [TextDelta(text)]

    def _inside(self, text: str) -> list[Event]:
        thought, closed, rest = text.partition(_CLOSE)
        if closed:
            self._read = self._between
            return [*([ReasoningDelta(thought)] if thought else []), *self._between(rest)]
        waits = held_back(text, [_CLOSE])
        self._held = text[len(text) - waits :]
        thought = text[: len(text) - waits]
        return [ReasoningDelta(thought)] if thought else []

    def _between(self, text: str) -> list[Event]:
        """The blank lines between the closing tag and the answer belong to neither."""
        answer = text.lstrip()
        if not answer:
            return []
        self._read = self._after
        return [TextDelta(answer)]

    def _after(self, text: str) -> list[Event]:
        return [TextDelta(text)]
