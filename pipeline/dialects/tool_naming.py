"""Names and ids of tools, within what a vendor takes.

What fits is kept. What does not is replaced by something that depends on it alone, so that a call
and its result, and the same tool on every turn, stay the same; nothing is ever cut short, for two
could become one.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from llm_proxy.pipeline.dialects.arguments import CUSTOM_SCHEMA
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.settings import refuse
from llm_proxy.pipeline.dialects.turns import Conversation, Turn
from llm_proxy.pipeline.parts import Part, ToolCall, ToolResult
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import Tool, ToolChoice

_SHOWN = 55
"""Characters of a name that a replacement keeps, to be readable for the model."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


def offered(
    tools: Sequence[Tool], choice: ToolChoice | None, losses: Losses
) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    """The tools that any vendor can offer, and the choice among them: those that only the client's
    own vendor runs are left out. Raises `Untranslatable` where one of them must be called."""
    hosted = {tool.name for tool in tools if tool.hosted}
    for name in sorted(hosted):
        losses.drop(f"tool {name}")
    kept = tuple(tool for tool in tools if not tool.hosted)
    if choice is not None and choice.names:
        names = tuple(name for name in choice.names if name not in hosted)
        if not names and choice.mode == "required":
            raise refuse("tool_choice", "names a tool that only its own vendor runs")
        choice = replace(choice, names=names) if names else ToolChoice("none")
    if not kept:
        if hosted and choice and choice.mode == "required":
            raise refuse("tool_choice", "needs a tool, and only its own vendor runs those offered")
        return (), None
    return kept, choice


def as_function(tool: Tool) -> Tool:
    """A tool of free text as a function with one argument, for vendors that know no other."""
    grammar = tool.grammar or {}
    rule = f"The input must fit this {grammar.get('syntax', '')} grammar:\n"
    text = f"{rule}{grammar['definition']}" if grammar.get("definition") else ""
    described = "\n\n".join(part for part in (tool.description, text) if part)
    return Tool(tool.name, CUSTOM_SCHEMA, described, cache=tool.cache)


@record
class Naming:
    """A vendor's rules: what a whole name and a whole id must look like."""

    name: re.Pattern[str]
    id: re.Pattern[str]

    def name_of(self, name: str) -> str:
        """The name as it is sent."""
        if self.name.fullmatch(name):
            return name
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
        shown = _UNSAFE.sub("_", name)[:_SHOWN]
        return f"{shown}_{digest}" if shown[:1].isalpha() else f"t{shown[1:]}_{digest}"

    def id_of(self, id_: str) -> str:
        """The id as it is sent."""
        if self.id.fullmatch(id_):
            return id_
        return "call_" + _digest(id_)

    def renamed(self, tools: Sequence[Tool]) -> Mapping[str, str]:
        """The tools whose names change, as sent → as the client knows them."""
        names = {self.name_of(tool.name): tool.name for tool in tools}
        return {sent: name for sent, name in names.items() if sent != name}

    def tools(self, tools: Sequence[Tool]) -> tuple[Tool, ...]:
        """The tools under the names that are sent, no longer in the client's own form."""
        named = ((self.name_of(tool.name), tool) for tool in tools)
        return tuple(replace(tool, name=name, origin=None) for name, tool in named)

    def choice(self, choice: ToolChoice | None) -> ToolChoice | None:
        """The choice by the names that are sent."""
        return choice and replace(choice, names=tuple(self.name_of(name) for name in choice.names))

    def conversation(self, talk: Conversation) -> Conversation:
        """The conversation with the names and ids that are sent."""
        return replace(talk, turns=tuple(self._turn(turn) for turn in talk.turns))

    def unambiguous(self, talk: Conversation) -> Conversation:
        """The same, for vendors that want the id of a call but once in a conversation: servers
        use one again. The results of a turn's calls stand first in the next, in their order."""
        seen: dict[str, int] = {}
        sent: list[str] = []
        turns: list[Turn] = []
        for turn in self.conversation(talk).turns:
            if turn.role == "assistant":
                sent = [self._unused(call.id, seen) for call in turn.calls]
            turns.append(_with_ids(turn, sent))
        return replace(talk, turns=tuple(turns))

    def _unused(self, id_: str, seen: dict[str, int]) -> str:
        """The id, or after its first use another that tells of it and of the count."""
        uses = seen[id_] = seen.get(id_, 0) + 1
        return id_ if uses == 1 else "call_" + _digest(f"{uses}.{id_}")

    def _turn(self, turn: Turn) -> Turn:
        if not turn.calls and not turn.results:
            return turn
        return replace(turn, parts=tuple(self._part(part) for part in turn.parts))

    def _part(self, part: Part) -> Part:
        if isinstance(part, ToolCall | ToolResult):
            name = self.name_of(part.name) if part.name else ""
            return replace(part, id=self.id_of(part.id), name=name)
        return part


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


def _with_ids(turn: Turn, ids: Sequence[str]) -> Turn:
    """The turn with these ids on its calls, or on its results, one after the other."""
    if not turn.calls and not turn.results:
        return turn
    left = iter(ids)
    parts = (
        replace(part, id=next(left, part.id)) if isinstance(part, ToolCall | ToolResult) else part
        for part in turn.parts
    )
    return replace(turn, parts=tuple(parts))
