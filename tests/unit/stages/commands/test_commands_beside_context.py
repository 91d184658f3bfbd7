"""Commands beside what agents and clients add by themselves."""

import pytest

from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import Message
from tests.support.chat import Chat, Said
from tests.support.stages import text_of

RULES = "<system-reminder>\nuse tabs\n</system-reminder>"
TODAY = "<session_context>\nIt is Monday.\n</session_context>"
PLACE = "<environment_details>\n/home\n</environment_details>"
WRAPPED: dict[tuple[str, ...], list[Said]] = {
    ("<task>\n!/model(x)\n</task>",): [],
    (RULES, "!/model(x)"): [("user", RULES)],
    (TODAY, "!/model(x)"): [("user", TODAY)],
    ("<task>!/model(x)</task>", PLACE): [("user", PLACE)],
}
"""Texts of a message, and what of it the model is told with the next one."""


@pytest.mark.parametrize("texts", WRAPPED)
async def test_what_clients_add_by_themselves_makes_it_no_question(texts: tuple[str, ...]) -> None:
    chat = Chat()
    typed = Message("user", tuple(map(Text, texts)))
    assert text_of(await chat(typed)) == "The model is now x."
    await chat(typed, ("assistant", "The model is now x."), ("user", "hi"))
    assert chat.sent == [*WRAPPED[texts], ("user", "hi")]


async def test_a_file_in_several_texts_steers_nothing() -> None:
    chat = Chat()
    parts = (
        "look",
        "--- Content from referenced files ---",
        "!/model(x)",
        "--- End of content ---",
    )
    await chat(Message("user", tuple(map(Text, parts))))
    assert chat.saved == []
    assert chat.asked.request is chat.run.seen[0].request


async def test_a_very_long_message_has_no_commands() -> None:
    chat = Chat()
    await chat(("user", "!/model(x)\n" + "x" * 1_000_000))
    assert chat.saved == []
