"""A stream that breaks and is gone on with by another vendor, as a client of each dialect sees it:
one answer."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from llm_proxy.pipeline.continuing import GO_ON
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.events import Event, Failure, Finish, TextDelta
from tests.support.broken_off import breaks, rest, up_to
from tests.support.log_lines import request_lines
from tests.support.oracle import check_upstream
from tests.support.scripts import SCRIPTS, SIGNATURE, data
from tests.support.sdk_answers import STOPPED, told
from tests.support.talk import body, path, turns_of
from tests.support.two_vendors import OTHER, Two
from tests.support.until import until
from tests.support.vendor import Connection, Play, hangs, streamed
from tests.support.well_formed import Streamed, checked

clients = pytest.mark.parametrize("client", list(SCRIPTS))
vendors = pytest.mark.parametrize("first", list(SCRIPTS))
seconds = pytest.mark.parametrize("second", list(SCRIPTS))

RESUME = 'resume = true\nbetween_events_timeout = "150ms"'

HALF = {
    "openai_chat": (0, 0),
    "openai_responses": (0, 0),
    "anthropic_messages": (130, 1),
    "gemini": (130, 30),
}
"""The tokens that each vendor has told by the middle of its answer; the second tells 130 and 30."""

TALK = {vendor: scripts["TALK"].frames for vendor, scripts in SCRIPTS.items()}
SEALED = (b"fake-signature", b"fake-encrypted", SIGNATURE.encode())


async def ask(proxy: Any, client: str, **settings: Any) -> bytes:
    request = body(client, "hi", system="Be kind.", stream=True, **settings)
    async with proxy.post(path(client, stream=True), json=request) as response:
        raw: bytes = await response.read()
        assert response.status == 200, raw
    return raw


def one_answer(client: str, raw: bytes, text: str) -> Streamed:
    """What a strict reader finds; the SDK reads the same."""
    found, seen = checked(client, raw), told(client, raw, stream=True)
    assert (found.text, seen.text) == (text, text)
    assert seen.finish == STOPPED[client]
    assert (found.model, "another" in raw.decode()) == ("m", False)
    return found


def broken(client: str, raw: bytes, text: str) -> str:
    """The error of an answer that has said so much and then failed."""
    reader = DIALECTS[client].read_stream()
    events: list[Event] = [*reader.feed(raw), *reader.close()]
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == text
    assert not [event for event in events if isinstance(event, Finish)]
    last = events[-1]
    assert isinstance(last, Failure)
    return last.error.message


@clients
@vendors
@seconds
async def test_it_is_one_answer(two: Two, client: str, first: str, second: str) -> None:
    play = breaks(first, up_to(first, b"Hello"), "reset")
    proxy, _, other = await two(first, play, second, streamed(rest(second)), options=RESUME)
    found = one_answer(client, await ask(proxy, client), "Hello dear you")
    so_far = HALF[first]
    assert found.tokens == (so_far[0] + 130, so_far[1] + 30)
    assert found.kinds in ([], ["text"], ["message"])
    (sent,) = other.requests
    check_upstream(second, sent)
    assert turns_of(sent.json) == [("user", "hi"), ("assistant", "Hello"), ("user", GO_ON)]


@clients
@vendors
@pytest.mark.parametrize("how", ["error", "stalls", "cut", "torn", "well"])
async def test_however_it_breaks(two: Two, client: str, first: str, how: str) -> None:
    play = breaks(first, up_to(first, b"Hello"), how)
    then = streamed(rest(OTHER[first]))
    proxy, _, _ = await two(first, play, then=then, options=RESUME)
    one_answer(client, await ask(proxy, client), "Hello dear you")


def places() -> list[tuple[str, int]]:
    """After each frame of each vendor's from the first text on that is not the reason to stop."""
    ends = (b'finish_reason":"', b"message_delta", b"response.completed", b"finishReason")
    return [
        (vendor, number)
        for vendor, scripts in SCRIPTS.items()
        for number in range(1, len(scripts["TALK"].frames) + 1)
        if number >= len(up_to(vendor, b"Hello"))
        and not any(end in one for one in scripts["TALK"].frames[:number] for end in ends)
    ]


@pytest.mark.parametrize(("first", "number"), places())
async def test_wherever_it_breaks(two: Two, first: str, number: int) -> None:
    """Also where a part or a block of the relayed answer was just closed."""
    frames = SCRIPTS[first]["TALK"].frames[:number]
    proxy, _, other = await two(
        first, breaks(first, frames, "reset"), then=streamed(rest(OTHER[first])), options=RESUME
    )
    raw = await ask(proxy, first)
    said = turns_of(other.requests[0].json)[1][1]
    assert said in ("Hello", "Hello you")
    one_answer(first, raw, f"{said} dear you")


@vendors
async def test_in_geminis_other_form_it_is_one_list(two: Two, first: str) -> None:
    play = breaks(first, up_to(first, b"Hello"), "reset")
    proxy, _, _ = await two(first, play, then=streamed(rest(OTHER[first])), options=RESUME)
    address = path("gemini", stream=True).partition("?")[0]
    async with proxy.post(address, json=body("gemini", "hi")) as response:
        chunks = await response.json()
    one_answer("gemini", b"".join(map(data, chunks)), "Hello dear you")


@clients
@vendors
@pytest.mark.parametrize("same", [False, True], ids=["another's", "its dialect's"])
async def test_after_its_thoughts_whose_seal_stays_with_their_maker(
    two: Two,
    client: str,
    first: str,
    same: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    second = first if same else OTHER[first]
    play = breaks(first, up_to(first, b'"Hi"', "WORK"), "reset")
    proxy, one, other = await two(first, play, second, streamed(rest(second)), options=RESUME)
    raw = await ask(proxy, client)
    assert one_answer(client, raw, "Hi dear you").thoughts == "plan"
    (sent,) = other.requests
    check_upstream(second, sent)
    assert turns_of(sent.json)[1:] == [("assistant", "Hi"), ("user", GO_ON)]
    assert [seal for seal in SEALED if seal in sent.body] == []
    assert len(one.requests) == 1


@clients
@seconds
async def test_what_goes_on_may_think_and_call_tools(two: Two, client: str, second: str) -> None:
    first = next(name for name, other in OTHER.items() if other == second)
    play = breaks(first, up_to(first, b"Hello"), "reset")
    then = streamed(SCRIPTS[second]["WORK"].frames)
    proxy, _, _ = await two(first, play, second, then, options=RESUME)
    raw = await ask(proxy, client)
    seen = told(client, raw, stream=True)
    assert (seen.text, seen.reasoning) == ("HelloHi", "")
    assert [name for name, _ in seen.calls] == ["weather", "clock"]
    if second == "gemini":
        assert (SIGNATURE.encode() in raw) is (client == "gemini")


@clients
@vendors
async def test_never_inside_a_call(two: Two, client: str, first: str) -> None:
    play = breaks(first, up_to(first, b"city", "WORK"), "error")
    proxy, _, other = await two(first, play, options=RESUME)
    assert broken(client, await ask(proxy, client), "Hi") == "Overloaded"
    assert other.requests == []


@clients
@vendors
async def test_only_where_it_is_allowed(two: Two, client: str, first: str) -> None:
    proxy, _, other = await two(first, breaks(first, up_to(first, b"Hello"), "reset"))
    broken(client, await ask(proxy, client), "Hello")
    assert other.requests == []


@clients
@vendors
@pytest.mark.parametrize("how", ["well", "reset"])
@pytest.mark.parametrize("cut_at", [b"you", "\N{EURO SIGN}".encode()[:2]], ids=["frame", "letter"])
async def test_a_cut_inside_a_frame_or_a_letter(
    two: Two, client: str, first: str, how: str, cut_at: bytes
) -> None:
    """The letter that came whole, though in two pieces, is there; the one that did not is not."""
    euro = "\N{EURO SIGN}".encode()
    whole = b"".join(TALK[first]).replace(b"Hello", b"H" + euro).replace(b" you", euro + b" you")
    places = [whole.index(euro) + 1, whole.index(cut_at, whole.index(euro) + 3) + 2]
    play = streamed([whole[: places[0]], whole[places[0] : places[1]]], ends=how)
    then = streamed(rest(OTHER[first]))
    proxy, _, other = await two(first, play, then=then, options=RESUME)
    one_answer(client, await ask(proxy, client), "H\N{EURO SIGN} dear you")
    assert turns_of(other.requests[0].json)[1] == ("assistant", "H\N{EURO SIGN}")


def lives_on(frames: Sequence[bytes]) -> Play:
    """These frames, and signs of life for ever."""

    async def play(at: Connection) -> None:
        await at.head(content_type="text/event-stream", transfer_encoding="chunked")
        for frame in frames:
            await at.chunk(frame)
        while True:
            await at.chunk(b":\n\n")
            await asyncio.sleep(0.01)

    return play


@clients
@pytest.mark.parametrize("cancels", [True, False], ids=["own runner", "an embedder's runner"])
@pytest.mark.parametrize("begun", [True, False], ids=["begun", "not begun"])
async def test_who_leaves_then_leaves_both(
    two: Two, caplog: pytest.LogCaptureFixture, client: str, *, cancels: bool, begun: bool
) -> None:
    caplog.set_level("INFO")
    then = lives_on(up_to(OTHER[client], b"Hello")) if begun else hangs
    play = breaks(client, up_to(client, b"Hello"), "stalls")
    proxy, one, other = await two(
        client, play, then=then, options=RESUME, handler_cancellation=cancels
    )
    request = body(client, "hi", stream=True)
    async with proxy.post(path(client, stream=True), json=request) as response:
        await response.content.readany()
        await one.left()
        await other.asked()
        if begun:
            await response.content.readany()
        response.close()
    await other.left()
    await until(lambda: "request" in caplog.messages)
    (line,) = request_lines(caplog)
    assert line["outcome"] == "abandoned"
