"""Commands in a conversation: those just typed, and those that a growing history repeats."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from llm_proxy.pipeline.parts import Part, Text, ToolCall
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.stages.commands.parser import Call, Mistake, Parsed, mentions, parse_texts
from llm_proxy.stages.commands.typed import is_bare

ERROR = "llm-proxy error: "
"""What the answer begins with, in its last line, where a command cannot be carried out."""


_LONGEST = 1_000_000
"""Characters of a message in which commands are looked for."""


@record
class Cut:
    """A message without the user's commands, the commands in order, and whether the user has said
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
    roles go on taking turns, and calls of tools keep their results. What a client has added to such
    a turn by itself stays."""
    earlier = request.messages[:-1]
    for message in earlier:
        if _may_have_commands(message, prefix):
            break
    else:
        return request
    cuts = [_cut(message, prefix) for message in earlier]
    if not any(cut.calls for cut in cuts):
        return request
    kept: list[Message] = []
    is_ours: Callable[[str], bool] = _never
    for role, run in groupby(cuts, lambda cut: cut.message.role):
        if role == "assistant":
            kept += _answers([cut.message for cut in run], is_ours)
            is_ours = _never
            continue
        for cut in run:
            is_ours = _is_ours_after(cut)
            left = _added_by_the_client(cut.message) if cut.is_nothing_else else cut.message
            if left.parts or not cut.calls:
                kept.append(left)
    return replace(request, messages=[*kept, request.messages[-1]])


def _added_by_the_client(left: Message) -> Message:
    """What stands beside the commands and no model has been told yet, such as the rules of a
    project beside the first words."""
    told = [part for part in left.parts if not (isinstance(part, Text) and is_bare(part.text))]
    return left.with_parts(told)


def _answers(turns: Sequence[Message], is_ours: Callable[[str], bool]) -> Sequence[Message]:
    """The assistant's turns without the answer that is ours. Some clients make a turn of each chunk
    of an answer; what calls tools, or comes behind it, was never ours."""
    length = next((at for at, turn in enumerate(turns) if _calls_tools(turn)), len(turns))
    return turns[length:] if is_ours("".join(turn.text for turn in turns[:length])) else turns


def _calls_tools(turn: Message) -> bool:
    return any(isinstance(part, ToolCall) for part in turn.parts)


def _is_ours_after(cut: Cut) -> Callable[[str], bool]:
    """How to tell an answer of ours from the model's, behind such a message."""
    if not cut.calls:
        return _never
    return _always if cut.is_nothing_else else _is_error


def _never(_answer: str) -> bool:
    return False


def _always(_answer: str) -> bool:
    return True


def _is_error(answer: str) -> bool:
    """Whether this is what the proxy says where a command beside text fails."""
    return answer.rpartition("\n")[2].startswith(ERROR)


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
    if message.role == "user":
        for part in message.parts:
            if isinstance(part, Text) and mentions(part.text, prefix):
                return True
    return False


def _rest(message: Message, parsed: Sequence[Parsed]) -> Iterator[Part]:
    of_texts = iter(parsed)
    for part in message.parts:
        if not isinstance(part, Text) or not (one := next(of_texts)).calls:
            yield part
        elif one.rest.strip():
            yield replace(part, text=one.rest)
