"""Commands in a conversation: those just typed, and those that a growing history repeats."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from llm_proxy.pipeline.parts import Part, Text
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.stages.commands.parser import Call, Mistake, Parsed, mentions, parse_texts

ERROR = "llm-proxy error: "
"""What the answer begins with, in its last line, where a command cannot be carried out."""


_LONGEST = 1_000_000
"""Characters of a message in which commands are looked for."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A user's message without its commands, the commands in order, and whether the user has said
    nothing else in it."""

    message: Message
    calls: tuple[Call | Mistake, ...] = ()
    is_nothing_else: bool = False


def newest(request: ChatRequest, prefix: str) -> Cut:
    """What the user has just typed: the last message, if it is the user's. Not those before it,
    even if nobody has answered them: they were carried out when they came."""
    return _cut(request.messages[-1], prefix)


def scrubbed(request: ChatRequest, prefix: str) -> ChatRequest:
    """The request whose history, all but the last message, has neither commands in it nor the
    answers to them. Turns of commands alone go with the answer to them, which is this proxy's; so
    roles go on taking turns, and calls of tools keep their results."""
    if not any(_may_have_commands(message, prefix) for message in request.messages[:-1]):
        return request
    kept: list[Message] = []
    changed = False
    answer_is_ours: Callable[[Message], bool] = _never
    for message in request.messages[:-1]:
        is_ours, answer_is_ours = answer_is_ours, _never
        if message.role == "assistant" and is_ours(message):
            continue
        cut = _cut(message, prefix)
        if cut.calls:
            changed = True
            answer_is_ours = _always if cut.is_nothing_else else _is_error
        if not cut.is_nothing_else:
            kept.append(cut.message)
    return replace(request, messages=[*kept, request.messages[-1]]) if changed else request


def _cut(message: Message, prefix: str) -> Cut:
    if not _may_have_commands(message, prefix):
        return Cut(message)
    texts = [part.text for part in message.parts if isinstance(part, Text)]
    if sum(map(len, texts)) > _LONGEST:
        return Cut(message)
    parsed = parse_texts(texts, prefix)
    calls = tuple(call for one in parsed for call in one.calls)
    if not calls:
        return Cut(message)
    says_more = any(one.says_more for one in parsed) or len(texts) < len(message.parts)
    return Cut(message.with_parts(list(_rest(message, parsed))), calls, not says_more)


def _may_have_commands(message: Message, prefix: str) -> bool:
    """Commands stand in texts of the user, never in what tools gave back."""
    return message.role == "user" and any(
        isinstance(part, Text) and mentions(part.text, prefix) for part in message.parts
    )


def _rest(message: Message, parsed: Sequence[Parsed]) -> Iterator[Part]:
    of_texts = iter(parsed)
    for part in message.parts:
        if not isinstance(part, Text) or not (one := next(of_texts)).calls:
            yield part
        elif one.rest.strip():
            yield replace(part, text=one.rest)


def _never(_answer: Message) -> bool:
    return False


def _always(_answer: Message) -> bool:
    return True


def _is_error(answer: Message) -> bool:
    """Whether this is what the proxy says where a command beside text fails."""
    return answer.text.rpartition("\n")[2].startswith(ERROR)
