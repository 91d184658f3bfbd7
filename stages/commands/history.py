"""Commands in a conversation: those just typed, and those that a growing history repeats."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from llm_proxy.pipeline.parts import Part, Text
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.stages.commands.parser import Call, Mistake, mentions, parse_commands

ERROR = "llm-proxy error: "
"""What the answer begins with, in its last line, where a command cannot be carried out."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A user's message without its commands, and the commands in order."""

    message: Message
    calls: tuple[Call | Mistake, ...] = ()

    @property
    def is_nothing_else(self) -> bool:
        """Whether it was a message of commands alone."""
        return bool(self.calls) and not self.message.parts


def newest(request: ChatRequest, prefix: str) -> Typed:
    """What the user has just typed: the last message, if it is the user's. Not those before it,
    even if nobody has answered them: they were carried out when they came."""
    message = request.messages[-1]
    return _cut(message, prefix) if message.role == "user" else Typed(message)


def scrubbed(request: ChatRequest, prefix: str) -> ChatRequest:
    """The request whose history, all but the last message, has neither commands in it nor the
    answers to them. Turns of commands alone go with the answer to them, which is this proxy's; so
    roles go on taking turns, and calls of tools keep their results."""
    kept: list[Message] = []
    changed = False
    answer_is_ours: Callable[[Message], bool] = _never
    for message in request.messages[:-1]:
        is_ours, answer_is_ours = answer_is_ours, _never
        if message.role == "assistant" and is_ours(message):
            continue
        if message.role != "user" or not mentions(message.text, prefix):
            kept.append(message)
            continue
        typed = _cut(message, prefix)
        if typed.calls:
            changed = True
            answer_is_ours = _always if typed.is_nothing_else else _is_error
        if typed.message.parts:
            kept.append(typed.message)
    return replace(request, messages=[*kept, request.messages[-1]]) if changed else request


def _cut(message: Message, prefix: str) -> Typed:
    """The commands stand in texts of the message itself, never in what tools gave back."""
    calls: list[Call | Mistake] = []
    parts: list[Part] = []
    for part in message.parts:
        if not isinstance(part, Text):
            parts.append(part)
            continue
        parsed = parse_commands(part.text, prefix)
        calls += parsed.calls
        if not parsed.calls:
            parts.append(part)
        elif parsed.rest.strip():
            parts.append(replace(part, text=parsed.rest))
    return Typed(message.with_parts(parts), tuple(calls)) if calls else Typed(message)


def _never(_answer: Message) -> bool:
    return False


def _always(_answer: Message) -> bool:
    return True


def _is_error(answer: Message) -> bool:
    """Whether this is what the proxy says where a command beside text fails."""
    return answer.text.rpartition("\n")[2].startswith(ERROR)
