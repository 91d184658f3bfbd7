"""What tells two conversations apart that began alike and were answered alike."""

from llm_proxy.pipeline.reply import PROXY, Head, Reply
from llm_proxy.stages.session import Sessions
from llm_proxy.stages.session.mark import Mark
from tests.support.sessions import exchange, remember, session, turns
from tests.support.stages import Run, said, text_of


def answering(backend: str) -> Run:
    """A session stage before somebody who always gives the same answer."""
    return Run(Sessions, answers=[lambda _: Reply.of(Head(backend, "m"), said("Set."))])


async def first_answer(run: Run, **who: str) -> str:
    async with await run(exchange(turns("!/set(seed=1)"), **who)) as reply:  # type: ignore[arg-type]
        return text_of(await reply.collect())


def test_it_stands_on_the_last_line_of_the_answer() -> None:
    mark = Mark("0123456789")
    events = [passed for event in said("one\ntwo") for passed in mark(event)]
    assert text_of(events) == "one\ntwo [conversation 01234567]"


async def test_only_where_another_conversation_began_alike() -> None:
    run = answering(PROXY)
    assert await first_answer(run) == "Set."
    second = run.seen[-1].session
    assert (await first_answer(run)).startswith("Set. [conversation ")
    assert await first_answer(run, id_="named") == "Set."
    assert second


async def test_what_a_model_says_is_its_own() -> None:
    run = answering("b")
    assert [await first_answer(run) for _ in range(2)] == ["Set.", "Set."]


async def test_so_commands_as_first_words_begin_conversations_of_their_own() -> None:
    run = answering(PROXY)
    answers = []
    for model in "abc":
        answers.append(await first_answer(run))
        found = run.seen[-1].session
        assert found
        await remember(found, model=model)
    for answer, model in zip(answers, "abc", strict=True):
        later = await session(run, turns("!/set(seed=1)", answer, "hi"))
        assert later.state.model == model
