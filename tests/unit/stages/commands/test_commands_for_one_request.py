"""What is set for one request, and requests that only count tokens."""

from dataclasses import replace

from llm_proxy.pipeline.events import End, TokenCount
from llm_proxy.pipeline.session_state import SessionState
from tests.support.chat import Chat
from tests.support.stages import asking


async def test_oneoff_is_for_one_request() -> None:
    chat = Chat()
    await chat(("user", "!/oneoff(b)"))
    for text in ("first", "second"):
        await chat(("user", text))
    assert [seen.request.model for seen in chat.run.seen] == ["b", "m"]


async def test_oneoff_beside_text_is_for_that_text() -> None:
    chat = Chat(SessionState("a"))
    await chat(("user", "!/oneoff(b)\nfirst"))
    await chat(("user", "second"))
    assert [seen.request.model for seen in chat.run.seen] == ["b", "a"]


async def test_of_two_requests_at_once_one_gets_the_oneoff() -> None:
    chat = Chat(SessionState(oneoff="b"))
    found = chat.kept.session
    for _ in range(2):
        await chat.run(replace(asking("hi"), session=found))
    assert [seen.request.model for seen in chat.run.seen] == ["b", "m"]


async def test_counting_uses_no_oneoff_up() -> None:
    chat = Chat(SessionState(oneoff="b"))
    await chat(("user", "hi"), counts_only=True)
    await chat(("user", "hi"))
    assert [seen.request.model for seen in chat.run.seen] == ["b", "b"]


async def test_commands_are_not_counted_and_not_carried_out() -> None:
    chat = Chat()
    await chat(("user", "!/model(x)\nhi"), counts_only=True)
    assert (chat.sent, chat.saved) == ([("user", "hi")], [])
    answered = ("assistant", "yes")
    await chat(("user", "hi"), answered, ("user", "!/model(x)"), counts_only=True)
    assert (chat.sent, chat.saved) == ([("user", "hi"), answered], [])


async def test_commands_alone_count_for_nothing() -> None:
    chat = Chat()
    assert [TokenCount(0), End()] == await chat(("user", "!/model(x)"), counts_only=True)
    assert (chat.run.seen, chat.saved) == ([], [])
