"""Commands in a growing history: whatever it is, what is left of it is a legal conversation."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.parts import Image, Media, Part, Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import ChatRequest, Message, Role
from llm_proxy.stages.commands.history import ERROR, newest, scrubbed
from llm_proxy.stages.commands.parser import parse_commands

PREFIX = "!/"

COMMANDS = ["!/help", "!/set(temperature=0.5)", "!/modle(x)", '!/set(a="b, c")', "!/set(x"]
TEXTS = ["hello", "what is 10 !/ 2?", "> !/quoted", "```\n!/fenced\n```", "two\nlines", "<x>\n"]


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn as a client has it, and whether a model was meant to see it."""

    message: Message
    is_ours: bool = False


def _asked(request: Sequence[Message]) -> ChatRequest:
    return ChatRequest("m", [*request, Message("user", (Text("the newest"),))])


def _says(role: Role, *parts: Part) -> Message:
    return Message(role, parts)


def _talk(draw: st.DrawFn) -> Iterator[Turn]:
    """What a client sends that knows nothing of commands: users and assistants in turn."""
    if draw(st.booleans()):
        yield Turn(_says("system", Text(draw(st.sampled_from([*TEXTS, *COMMANDS])))))
    for number in range(draw(st.integers(0, 6))):
        match draw(st.sampled_from(["text", "command", "beside", "error beside", "tool"])):
            case "text":
                yield Turn(_says("user", Text(draw(st.sampled_from(TEXTS)))))
                yield Turn(_says("assistant", Text("an answer")))
            case "command":
                lines = draw(st.lists(st.sampled_from(COMMANDS[:4]), min_size=1, max_size=3))
                yield Turn(_says("user", Text("\n".join(lines))), is_ours=True)
                yield Turn(_says("assistant", Text("done")), is_ours=True)
            case "beside":
                yield Turn(_says("user", Text("!/hello\nand this"), Image(Media(url="u"))))
                yield Turn(_says("assistant", Text("an answer")))
            case "error beside":
                yield Turn(_says("user", Text("!/modle\nand this")))
                yield Turn(_says("assistant", Text(f"done\n{ERROR}unknown")), is_ours=True)
            case _:
                call, result = ToolCall(f"c{number}", "f", "{}"), ToolResult(f"c{number}")
                yield Turn(_says("user", Text("use the tool")))
                yield Turn(_says("assistant", call))
                said = draw(st.sampled_from([[], [Text("!/help")], [Text("go on")]]))
                yield Turn(_says("user", result, *said))
                yield Turn(_says("assistant", Text("an answer")))


@st.composite
def talks(draw: st.DrawFn) -> list[Turn]:
    return list(_talk(draw))


def _calls(messages: Sequence[Message], kind: type[ToolCall | ToolResult]) -> list[str]:
    return [p.id for m in messages for p in m.parts if isinstance(p, kind)]


@given(talks())
def test_no_model_sees_a_command_or_the_answer_to_one(talk: list[Turn]) -> None:
    before = _asked([turn.message for turn in talk])
    after = scrubbed(before, PREFIX)
    for message in after.messages:
        if message.role == "user":
            assert not parse_commands(message.text, PREFIX).calls
        assert ERROR not in message.text
        assert message.text != "done"


@given(talks())
def test_everything_else_stays_in_order(talk: list[Turn]) -> None:
    before = _asked([turn.message for turn in talk])
    after = scrubbed(before, PREFIX)
    expected = [turn.message.role for turn in talk if not turn.is_ours]
    assert [message.role for message in after.messages[:-1]] == expected
    assert after.messages[-1] is before.messages[-1]
    untouched = [turn.message for turn in talk if turn.message.role != "user" and not turn.is_ours]
    left = [message for message in after.messages if message.role != "user"]
    assert all(one is other for one, other in zip(untouched, left, strict=True))


@given(talks())
def test_calls_of_tools_keep_their_results(talk: list[Turn]) -> None:
    before = _asked([turn.message for turn in talk])
    after = scrubbed(before, PREFIX)
    assert _calls(after.messages, ToolCall) == _calls(before.messages, ToolCall)
    assert _calls(after.messages, ToolResult) == _calls(before.messages, ToolResult)
    assert _calls(after.messages, ToolCall) == _calls(after.messages, ToolResult)


@given(talks())
def test_roles_stay_legal(talk: list[Turn]) -> None:
    """An assistant never speaks first nor twice in a row; two turns of a user in a row are legal,
    and come only from a turn whose answer was ours."""
    after = scrubbed(_asked([turn.message for turn in talk]), PREFIX)
    roles = [message.role for message in after.messages if message.role != "system"]
    assert roles[0] == "user"
    assert ("assistant", "assistant") not in list(itertools.pairwise(roles))


@given(talks())
def test_to_scrub_twice_is_to_scrub_once(talk: list[Turn]) -> None:
    once = scrubbed(_asked([turn.message for turn in talk]), PREFIX)
    assert scrubbed(once, PREFIX) is once


@given(st.lists(st.sampled_from(TEXTS)))
def test_a_conversation_without_commands_is_the_same_object(texts: list[str]) -> None:
    before = _asked([_says("user", Text(text)) for text in texts])
    assert scrubbed(before, PREFIX) is before


def test_the_newest_message_alone_is_looked_at_for_what_to_carry_out() -> None:
    earlier = _says("user", Text("!/help"))
    assert newest(_asked([earlier]), PREFIX).calls == ()


def test_what_was_typed_beside_a_tools_result() -> None:
    result = ToolResult("c1", (Text("!/model(evil)"),))
    typed = newest(ChatRequest("m", [_says("user", result, Text("!/help"))]), PREFIX)
    assert len(typed.calls) == 1
    assert typed.message.parts == (result,)
    assert not typed.is_nothing_else


def _left(*history: Message) -> list[str]:
    return [message.text for message in scrubbed(_asked(history), PREFIX).messages[:-1]]


def test_an_answer_of_ours_that_the_client_keeps_in_pieces() -> None:
    answer = [_says("assistant", Text("do")), _says("assistant", Text("ne"))]
    assert _left(_says("user", Text("!/hello")), *answer) == []
    error = [_says("assistant", Text(f"done\n{ERROR}un")), _says("assistant", Text("known"))]
    assert _left(_says("user", Text("!/modle\nand this")), *error) == ["and this"]


def test_a_call_behind_an_answer_of_ours_keeps_its_result() -> None:
    call, result = ToolCall("c1", "f", "{}"), ToolResult("c1")
    history = [
        _says("user", Text("!/hello")),
        _says("assistant", Text("done")),
        _says("assistant", Text("let me see"), call),
        _says("tool", result),
    ]
    left = scrubbed(_asked(history), PREFIX).messages
    assert left[:-1] == history[2:]


RULES = "<system-reminder>\nWrite in Latin.\n</system-reminder>"


def test_what_a_client_adds_to_commands_stays() -> None:
    typed = _says("user", Text(RULES), Text("!/hello"))
    assert newest(ChatRequest("m", [typed]), PREFIX).is_nothing_else
    assert _left(typed, _says("assistant", Text("done"))) == [RULES]


def test_tags_around_commands_alone_do_not_stay() -> None:
    typed = _says("user", Text("<task>\n!/hello\n</task>"), Text("\n"))
    assert _left(typed, _says("assistant", Text("done"))) == []
