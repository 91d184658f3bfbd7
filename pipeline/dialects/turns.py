"""A conversation in the one shape that every vendor takes, for requests that are translated.

System turns at the front are set apart. What is left are turns of the user and of the assistant in
turn; what tools gave back stands first in the user's turn after the calls, in their order, one for
each call. What clients leave untidy is mended here, once for all vendors: a call without a result
gets one that says so, a result without a call becomes text, empty texts go.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal, TypeVar

from llm_proxy.pipeline.dialects.settings import refuse_what_is_kept_elsewhere
from llm_proxy.pipeline.parts import (
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import ChatRequest, Message

NO_RESULT = "There is no result for this call."

BILLING_LINE = "x-anthropic-billing-header:"
"""What a coding agent's first system text begins with. It differs in every request, so a vendor
whose matter it is not would never find the conversation in its cache."""


@record
class Turn:
    """One turn; `system` ones stand in the middle of a conversation and hold text."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[Part, ...]

    @property
    def calls(self) -> list[ToolCall]:
        """The calls among its parts."""
        return [part for part in self.parts if isinstance(part, ToolCall)]

    @property
    def results(self) -> list[ToolResult]:
        """What tools gave back, in this turn."""
        return [part for part in self.parts if isinstance(part, ToolResult)]

    @property
    def rest(self) -> list[Part]:
        """The parts that are no results of tools."""
        return [part for part in self.parts if not isinstance(part, ToolResult)]


@record
class Conversation:
    """System texts, and then turns, of which no two beside each other have one role."""

    system: tuple[Text, ...]
    turns: tuple[Turn, ...]


_SYSTEM = ("system", "developer")


def conversation(request: ChatRequest, *, system_turns: bool = True) -> Conversation:
    """The request's messages as turns. Where `system_turns` are not taken, one in the middle
    becomes text of the user's turn at its place: never lost, never the assistant's."""
    messages = list(request.messages)
    for message in messages:
        refuse_what_is_kept_elsewhere(message.parts)
    system: list[Text] = []
    leading: list[Turn] = []
    while messages and messages[0].role in _SYSTEM:
        for turn in _turns(messages.pop(0), system_turns=True):
            if turn.role == "system":
                system += [part for part in turn.parts if isinstance(part, Text)]
            else:
                leading.append(turn)
    rest = (turn for message in messages for turn in _turns(message, system_turns=system_turns))
    turns = merged((*leading, *rest))
    if turns and turns[0].role == "system":  # before it stood nothing but empty messages
        system += [part for part in turns.pop(0).parts if isinstance(part, Text)]
    told = tuple(text for text in system if not text.text.startswith(BILLING_LINE))
    return Conversation(told, tuple(merged(_paired(turns))))


def _turns(message: Message, *, system_turns: bool) -> Iterator[Turn]:
    """The turns of a message: what does not belong into its role is a turn of the user behind
    it."""
    parts = tuple(_bare(part) for part in message.parts if not _is_empty(part))
    if message.role == "assistant":
        yield Turn("assistant", tuple(p for p in parts if not isinstance(p, ToolResult)))
        yield Turn("user", tuple(p for p in parts if isinstance(p, ToolResult)))
        return
    parts = tuple(_said_of(part) for part in parts if not isinstance(part, Reasoning))
    if message.role in _SYSTEM and system_turns:
        yield Turn("system", tuple(part for part in parts if isinstance(part, Text)))
        yield Turn("user", tuple(part for part in parts if not isinstance(part, Text)))
        return
    yield Turn("user", parts)


def _said_of(part: Part) -> Part:
    """A part that only the assistant can have, as text of somebody else."""
    match part:
        case ToolCall(_, name, arguments):
            return Text(f"Call of {name}: {arguments}")
        case Refusal(text):
            return Text(text)
        case _:
            return part


PartT = TypeVar("PartT", bound=Part)


def _bare(part: PartT) -> PartT:
    """The part without its origin, which is in the client's dialect; what is nothing else stays."""
    if isinstance(part, OpaquePart):
        return part
    if isinstance(part, ToolResult):
        kept = tuple(_bare(inner) for inner in part.parts if not _is_empty(inner))
        return replace(part, origin=None, parts=kept)
    return part if part.origin is None else replace(part, origin=None)


def _is_empty(part: Part) -> bool:
    return isinstance(part, Text | Refusal) and not part.text


def merged(turns: Iterable[Turn]) -> list[Turn]:
    """Neighbours of one role together, results first; a turn with nothing in it goes."""
    kept: list[Turn] = []
    for turn in turns:
        if not turn.parts:
            continue
        if kept and kept[-1].role == turn.role:
            both = Turn(turn.role, (*kept.pop().parts, *turn.parts))
            kept.append(Turn(both.role, (*both.results, *both.rest)))
        else:
            kept.append(turn)
    return kept


Place = tuple[int, int]
"""Where a call or a result stands: its turn, and which of the turn's calls or results it is."""


def _paired(turns: Sequence[Turn]) -> Iterator[Turn]:
    """Each turn of calls followed at once by one result for each of them."""
    answers = _answers(turns)
    taken = set(answers.values())
    for position, turn in enumerate(turns):
        left = [r for n, r in enumerate(turn.results) if (position, n) not in taken]
        yield Turn(turn.role, (*turn.rest, *(part for result in left for part in _as_text(result))))
        is_open = position == len(turns) - 1
        if turn.calls and not is_open:
            places = [answers.get((position, number)) for number in range(len(turn.calls))]
            results = [place and turns[place[0]].results[place[1]] for place in places]
            answered = zip(turn.calls, results, strict=True)
            yield Turn("user", tuple(_result(call, result) for call, result in answered))


def _answers(turns: Sequence[Turn]) -> dict[Place, Place]:
    """The result of each call. Some servers use an id again in a later turn: a result belongs to
    the last turn before it that has calls of its id, there to the first without one."""
    answers: dict[Place, Place] = {}
    waiting: dict[str, deque[Place]] = {}
    for position, turn in enumerate(turns):
        for number, result in enumerate(turn.results):
            if calls := waiting.get(result.id):
                answers[calls.popleft()] = (position, number)
        calls_here: dict[str, deque[Place]] = {}
        for number, call in enumerate(turn.calls):
            calls_here.setdefault(call.id, deque()).append((position, number))
        waiting |= calls_here
    return answers


def _result(call: ToolCall, result: ToolResult | None) -> ToolResult:
    if result is None:
        missing = (Text(NO_RESULT),)
        return ToolResult(call.id, missing, is_error=True, name=call.name, custom=call.custom)
    return replace(result, name=call.name, custom=call.custom)


def _as_text(result: ToolResult) -> list[Part]:
    heading = f"Result of {result.name or 'a tool'}: "
    return [Text(heading + result.text), *(p for p in result.parts if not isinstance(p, Text))]
