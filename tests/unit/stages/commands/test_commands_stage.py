"""Commands typed into the chat."""

from typing import Any

import pytest
from pydantic import ValidationError

from llm_proxy.pipeline.events import End, Finish, Start, TextDelta, Usage
from llm_proxy.pipeline.parts import OpaquePart, Text, ToolCall, ToolResult
from llm_proxy.pipeline.reply import Head
from llm_proxy.pipeline.request import Message
from llm_proxy.pipeline.session_state import SessionState
from llm_proxy.stages.commands import Call, Command, Commands, Desk
from tests.support.chat import Chat
from tests.support.stages import Run, asking, text_of

IMAGE = OpaquePart({"type": "image_url"})


@pytest.mark.parametrize("stream", [False, True])
async def test_a_command_is_answered_here_whole_and_streamed_alike(stream: object) -> None:
    chat = Chat()
    start, *rest = await chat(("user", "!/model"), stream=stream, model="gpt-4")
    assert isinstance(start, Start)
    assert start.model == "gpt-4"
    said = TextDelta("No model is set: the client's own choice is used.")
    assert [said, Finish("stop"), Usage(0, 0), End()] == rest
    assert chat.run.seen == []


async def test_the_answer_names_the_proxy_as_who_answers() -> None:
    reply = await Run(Commands)(asking("!/hello"))
    assert Head("proxy", "m") == reply.head


async def test_beside_other_text_commands_are_carried_out_and_cut_out() -> None:
    chat = Chat()
    events = await chat(("user", "before\n!/set(temperature=0.5)\nafter"))
    assert text_of(events) == "ok"
    assert chat.sent == [("user", "before\nafter")]
    assert chat.run.seen[0].request.params == {"temperature": 0.5}
    assert [SessionState(params={"temperature": 0.5})] == chat.saved
    assert chat.run.seen[0].request.messages[0].touched


async def test_several_commands_are_answered_in_order_and_saved_once() -> None:
    chat = Chat()
    events = await chat(("user", "!/model(x)\n!/set(seed=1)\n!/model"))
    assert text_of(events) == "The model is now x.\nSet seed = 1.\nThe model is x."
    assert [SessionState("x", params={"seed": 1})] == chat.saved
    assert chat.run.seen == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("!/set(temperature=9)", "temperature should be less than or equal to 2"),
        ("!/set(tmperature=1)", 'there is no parameter "tmperature"; did you mean "temperature"?'),
        ("!/set(seed=1", "the bracket of set( is not closed (line 1, column 6)"),
    ],
)
async def test_an_error_is_the_answer(typed: str, expected: str) -> None:
    chat = Chat()
    assert text_of(await chat(("user", typed))) == f"llm-proxy error: {expected}"
    assert (chat.saved, chat.run.seen) == ([], [])


async def test_an_unknown_command_is_answered_with_hints() -> None:
    said = text_of(await Chat()(("user", "!/helo")))
    assert said == "llm-proxy error: unknown command !/helo, did you mean !/hello?"
    said = text_of(await Chat()(("user", "!/xyzzy")))
    assert said == "llm-proxy error: unknown command !/xyzzy; !/help lists them"


async def test_after_an_error_nothing_more_is_carried_out_nor_sent() -> None:
    chat = Chat()
    events = await chat(("user", "!/model(x)\n!/nonsense\n!/set(seed=1)\nand a question"))
    first, *others = text_of(events).split("\n")
    assert first == "The model is now x."
    assert len(others) == 1
    assert others[0].startswith("llm-proxy error: unknown command !/nonsense")
    assert [SessionState("x")] == chat.saved
    assert chat.run.seen == []


async def test_what_was_set_is_applied_to_later_requests() -> None:
    chat = Chat()
    await chat(("user", "!/model(local:echo)\n!/set(temperature=0.5, max_tokens=9)"))
    await chat(("user", "hi"), model="gpt-4", params={"temperature": 1, "stop": ["x"]})
    request = chat.run.seen[0].request
    assert request.model == "local:echo"
    assert request.params == {"temperature": 0.5, "max_tokens": 9, "stop": ["x"]}


async def test_what_was_unset_is_the_clients_again() -> None:
    chat = Chat(SessionState("local:echo", params={"temperature": 0.5, "seed": 1}))
    await chat(("user", "!/unset(model, temperature)"))
    await chat(("user", "hi"), model="gpt-4", params={"temperature": 1})
    request = chat.run.seen[0].request
    assert (request.model, request.params) == ("gpt-4", {"temperature": 1, "seed": 1})


async def test_a_request_without_commands_goes_on_as_it_came() -> None:
    chat = Chat()
    await chat(("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "10 !/ 2"))
    assert chat.asked.request is chat.run.seen[0].request
    assert chat.saved == []


async def test_earlier_commands_and_their_answers_are_kept_from_the_model() -> None:
    chat = Chat()
    await chat(
        ("system", "be brief"),
        ("user", "!/hello"),
        ("assistant", "Hello, this is …"),
        ("user", "hi"),
        ("assistant", "hi there"),
        ("user", "!/set(seed=1)"),
        ("assistant", "Set seed = 1."),
        ("user", "more"),
    )
    expected = [("system", "be brief"), ("user", "hi"), ("assistant", "hi there"), ("user", "more")]
    assert expected == chat.sent
    assert chat.saved == []


async def test_an_earlier_turn_with_other_text_stays_without_its_commands() -> None:
    chat = Chat()
    await chat(("user", "!/set(seed=1)\nhi"), ("assistant", "hello"), ("user", "more"))
    assert chat.sent == [("user", "hi"), ("assistant", "hello"), ("user", "more")]


async def test_a_command_without_an_answer_takes_no_other_turn_with_it() -> None:
    chat = Chat()
    await chat(("user", "!/hello"), ("user", "hi"), ("assistant", "yes"), ("user", "more"))
    assert chat.sent == [("user", "hi"), ("assistant", "yes"), ("user", "more")]


@pytest.mark.parametrize("role", ["assistant", "system", "developer", "tool"])
async def test_only_a_user_types_commands(role: str) -> None:
    chat = Chat()
    await chat((role, "!/model(x)"), ("user", "hi"))
    await chat(("user", "hi"), (role, "!/model(x)"))
    earlier, newest = chat.run.seen
    assert [earlier.request.model, newest.request.model] == ["m", "m"]
    assert earlier.request.messages[0].text == "!/model(x)"
    assert newest.request.messages[1].text == "!/model(x)"
    assert chat.saved == []


async def test_what_a_tool_gave_back_is_no_command() -> None:
    parts = (ToolResult("1", (Text("!/model(x)"),)), Text("go on"))
    chat = Chat()
    await chat(Message("assistant", (ToolCall("1", "t", "{}"),)), Message("user", parts))
    assert parts == chat.run.seen[0].request.messages[1].parts
    assert chat.saved == []


@pytest.mark.parametrize("text", ["```\n!/model(x)\n```", "> !/model(x)", "look: !/model(x)"])
async def test_commands_in_fenced_quoted_and_running_text_are_text(text: str) -> None:
    chat = Chat()
    await chat(("user", text), ("assistant", "a"), ("user", text))
    assert chat.sent == [("user", text), ("assistant", "a"), ("user", text)]
    assert chat.saved == []


async def test_every_text_of_a_turn_is_looked_at_and_other_parts_stay() -> None:
    parts = (Text("!/model(x)"), IMAGE, Text("what is this?\n!/set(seed=1)"))
    chat = Chat()
    await chat(Message("user", parts))
    assert (IMAGE, Text("what is this?\n")) == chat.run.seen[0].request.messages[0].parts
    assert [SessionState("x", params={"seed": 1})] == chat.saved


async def test_a_command_beside_an_image_is_no_message_of_commands_alone() -> None:
    # As in the history, where such a turn stays with its image.
    chat = Chat()
    await chat(Message("user", (Text("!/set(seed=1)"), IMAGE)))
    assert [exchange.request.messages[0].parts for exchange in chat.run.seen] == [(IMAGE,)]


async def test_without_a_session_commands_answer_and_nothing_is_set() -> None:
    run = Run(Commands)
    said = text_of(await (await run(asking("!/set(seed=1)"))).collect())
    assert said == "llm-proxy error: nothing can be remembered: this chain has no session stage"
    assert text_of(await (await run(asking("!/model"))).collect()).startswith("No model is set")
    await run(asking("hi"))
    assert len(run.seen) == 1


async def test_the_prefix_may_be_another() -> None:
    chat = Chat(prefix="$")
    assert text_of(await chat(("user", "$modle"))).endswith("did you mean $model?")
    assert text_of(await chat(("user", "!/model"))) == "ok"


async def test_the_commands_own_edits_stay_out_of_the_original() -> None:
    chat = Chat()
    await chat(("user", "!/set(seed=1)\nhi"))
    assert chat.asked.request.messages[0].text == "!/set(seed=1)\nhi"
    assert chat.asked.request.params == {}


async def test_a_message_of_very_many_commands_is_refused() -> None:
    chat = Chat()
    said = text_of(await chat(("user", "!/hello\n" * 51)))
    assert said == "llm-proxy error: at most 50 commands in one message, please"
    assert "Hello" in text_of(await chat(("user", "!/hello\n" * 50)))


async def test_a_models_answer_that_looks_like_an_error_stays() -> None:
    chat = Chat()
    await chat(
        ("user", "!/set(seed=1)\nWhat went wrong?"),
        ("assistant", "Your log says\nError: no space left"),
        ("user", "And now?"),
    )
    assert [message.role for message in chat.run.seen[-1].request.messages] == [
        "user",
        "assistant",
        "user",
    ]


async def test_an_error_beside_text_is_cut_out_later() -> None:
    chat = Chat()
    said = text_of(await chat(("user", "!/nonsense\nWhat is it?")))
    await chat(("user", "!/nonsense\nWhat is it?"), ("assistant", said), ("user", "Well?"))
    messages = chat.run.seen[-1].request.messages
    assert [(m.role, m.text) for m in messages] == [("user", "What is it?"), ("user", "Well?")]


async def test_a_new_session_forgets_and_may_be_set_anew() -> None:
    chat = Chat(SessionState("a", params={"seed": 1}))
    said = text_of(await chat(("user", "!/new\n!/set(top_p=0.5)")))
    assert said == "The session is forgotten.\nSet top_p = 0.5."
    assert chat.saved[-1] == SessionState(params={"top_p": 0.5})


@pytest.mark.parametrize("denied", [{"key-*": ["set"]}, {"*": "hello, set"}, {"key-1": ["*"]}])
async def test_a_caller_may_be_denied_a_command(denied: Any) -> None:
    chat = Chat(denied=denied)
    said = text_of(await chat(("user", "!/set(seed=1)")))
    assert (said, chat.saved) == ("llm-proxy error: you may not use !/set", [])


async def test_others_may_use_it() -> None:
    chat = Chat(denied={"key-2": ["set"], "anonymous*": ["*"], "key-1": ["model"]})
    assert text_of(await chat(("user", "!/set(seed=1)"))) == "Set seed = 1."
    assert "!/set" in text_of(await chat(("user", "!/help")))
    assert "!/model" not in text_of(await chat(("user", "!/help")))


async def test_what_is_disabled_is_unknown() -> None:
    chat = Chat(disabled=["set"])
    said = text_of(await chat(("user", "!/set(seed=1)")))
    assert said.startswith("llm-proxy error: unknown command !/set")


async def test_what_was_decided_is_told() -> None:
    chat = Chat()
    await chat(("user", "!/model(b)\n!/set(seed=1)\nhi"))
    told = [decision for _, decision in chat.asked.trace.decisions]
    assert told == ["carried out !/model, !/set", "asks for b, as was set in the chat"]


@pytest.mark.parametrize("prefix", [" !", "! ", "a\n", ">", "> ", "`", "~~", "<c", ""])
def test_a_prefix_that_means_something_else_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError):
        Commands.Options.model_validate({"prefix": prefix})


class Broken(Command):
    """broken
    Breaks."""

    name = "broken"

    async def run(self, call: Call, desk: Desk) -> str:
        raise KeyError("what somebody else did wrong")


async def test_a_broken_command_is_told_and_the_chat_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chat = Chat()
    chat.run.stage._commands["broken"] = Broken()  # type: ignore[attr-defined]
    said = text_of(await chat(("user", "!/set(seed=1)\n!/broken\nhi")))
    assert said == (
        "Set seed = 1.\n"
        "llm-proxy error: !/broken is broken; the log has more under the request's id"
    )
    assert chat.run.seen == []
    assert "what somebody else did wrong" in caplog.text
