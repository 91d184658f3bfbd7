"""The catalogue of faults, each as it goes over the wire."""

import pytest

from llm_proxy.lab.answers import pieces_by, text_by
from llm_proxy.lab.faults import FAULTS, Fault, answer_well
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.dialects.waits import retry_after
from llm_proxy.pipeline.errors import Kind, ProxyError, UpstreamBroken
from llm_proxy.pipeline.events import Event, Failure, Finish, TextDelta
from llm_proxy.pipeline.trace import Target
from tests.unit.lab.asking import Played, asked, played

dialects = pytest.mark.parametrize("dialect", list(DIALECTS))
both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

NAMED = {fault.name: fault for fault in FAULTS}

PIECES = pieces_by(Target("b", "m"))

STATUSES = [400, 401, 403, 404, 408, 409, 413, 500, 502, 503, 529]


async def play(name: str, dialect: str, *, stream: bool) -> Played:
    deed = NAMED[name].deed
    assert deed is not None
    return await played(deed(asked(dialect, stream=stream)))


def heard(dialect: str, body: bytes) -> tuple[str, Event | None]:
    """The text of a stream, and what ends it."""
    reader = DIALECTS[dialect].read_stream()
    events = [*reader.feed(body), *reader.close()]
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    return text, events[-1] if events else None


def test_every_fault_has_a_name_and_a_sentence_of_its_own() -> None:
    assert len(NAMED) == len(FAULTS) == len({fault.about for fault in FAULTS})
    assert {f"error-{status}" for status in STATUSES} < NAMED.keys()


def test_one_needs_nobody_who_listens() -> None:
    assert [fault.name for fault in FAULTS if fault.deed is None] == ["refused"]


@dialects
@both
@pytest.mark.parametrize("fault", [f for f in FAULTS if f.deed], ids=lambda fault: fault.name)
async def test_each_is_played_in_every_dialect(
    fault: Fault,
    dialect: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    done = await play(fault.name, dialect, stream=stream)
    silent = fault.name in ("reset", "slow-head")
    assert (done.status is None) is silent
    ends = {"reset": "breaks", "slow": "hangs", "stall": "hangs", "cut": "breaks"}
    expected = ends.get(fault.name.split("-")[0], "well")
    assert done.ends == ("well" if fault.name == "cut-clean" else expected)


@dialects
@both
async def test_nothing_goes_wrong(dialect: str, stream: bool) -> None:  # noqa: FBT001
    done = await played(answer_well(asked(dialect, stream=stream)))
    assert (done.ends, done.status) == ("well", 200)
    assert done.sent.endswith(b"\r\n0\r\n\r\n")
    if stream:
        text, _ = heard(dialect, done.body)
        assert text == text_by(Target("b", "m"))
    else:
        assert DIALECTS[dialect].read_whole(done.body)


@dialects
@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_comes_with_the_vendors_own_words(dialect: str, status: int) -> None:
    done = await play(f"error-{status}", dialect, stream=True)
    assert done.status == status
    error = DIALECTS[dialect].read_error(status, done.headers, done.body)
    assert "the lab plays" in error.message


@dialects
@pytest.mark.parametrize(
    ("name", "shortest", "longest"),
    [
        ("error-429", 1.0, 1.0),
        ("error-429-date", 0.0, 1.0),
        ("error-429-ms", 0.1, 0.1),
        ("error-429-openai", 0.1, 0.1),
        ("error-429-anthropic", 0.0, 1.0),
        ("error-429-gemini", 1.0, 1.0),
    ],
)
async def test_each_way_to_ask_for_patience(
    dialect: str, name: str, shortest: float, longest: float
) -> None:
    done = await play(name, dialect, stream=False)
    error = DIALECTS[dialect].read_error(429, done.headers, done.body)
    assert error.kind is Kind.RATE_LIMITED
    assert error.retry_after is not None
    assert shortest <= error.retry_after <= longest
    assert (retry_after(done.headers) is None) is (name == "error-429-gemini")


@dialects
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("quota", {Kind.BILLING, Kind.RATE_LIMITED}),  # Google has one word for both
        ("context-too-long", {Kind.CONTEXT_TOO_LONG}),
    ],
)
async def test_refusals(dialect: str, name: str, kinds: set[Kind]) -> None:
    done = await play(name, dialect, stream=False)
    assert done.status is not None
    assert DIALECTS[dialect].read_error(done.status, done.headers, done.body).kind in kinds


@dialects
async def test_an_error_in_place_of_an_answer(dialect: str) -> None:
    whole = await play("error-in-200", dialect, stream=False)
    with pytest.raises(ProxyError, match="the lab plays"):
        DIALECTS[dialect].read_whole(whole.body)
    streamed = await play("error-in-200", dialect, stream=True)
    text, last = heard(dialect, streamed.body)
    assert text == ""
    assert isinstance(last, Failure)
    assert last.error.kind is Kind.UNAVAILABLE


@dialects
@both
@pytest.mark.parametrize(("name", "reason"), [("empty", "stop"), ("content-filter", None)])
async def test_answers_without_text(
    dialect: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
    name: str,
    reason: str | None,
) -> None:
    body = (await play(name, dialect, stream=stream)).body
    reader = DIALECTS[dialect].read_stream()
    events = [*reader.feed(body), *reader.close()] if stream else DIALECTS[dialect].read_whole(body)
    (finish,) = [event for event in events if isinstance(event, Finish)]
    assert finish.reason == (reason or "content_filter")
    assert not [event for event in events if isinstance(event, TextDelta)]
    assert NAMED[name].says_nothing


@dialects
@both
@pytest.mark.parametrize("name", ["empty-body", "garbage", "html"])
async def test_what_is_no_answer_is_read_as_none(
    dialect: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
    name: str,
) -> None:
    done = await play(name, dialect, stream=stream)
    assert done.status == 200
    if not stream:
        with pytest.raises(UpstreamBroken):
            DIALECTS[dialect].read_whole(done.body)
        return
    text, last = heard(dialect, done.body)
    assert text == ""
    assert last is None or isinstance(last, Failure)


@dialects
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("0", ""),
        ("1", PIECES[0]),
        ("n", "".join(PIECES)),
    ],
)
@pytest.mark.parametrize("fault", ["cut", "stall"])
async def test_how_much_of_a_stream_comes(dialect: str, fault: str, name: str, text: str) -> None:
    done = await play(f"{fault}-{name}", dialect, stream=True)
    assert not done.sent.endswith(b"\r\n0\r\n\r\n")
    said, last = heard(dialect, done.body)
    assert said == text
    assert last is None or isinstance(last, Failure)


@dialects
@both
async def test_a_character_is_cut_in_two(dialect: str, stream: bool) -> None:  # noqa: FBT001
    body = (await play("cut-character", dialect, stream=stream)).body
    with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
        body.decode()


@dialects
async def test_a_frame_is_cut_in_two(dialect: str) -> None:
    body = (await play("cut-frame", dialect, stream=True)).body
    assert not body.endswith(b"\n\n")
    assert heard(dialect, body)[0] == PIECES[0]


async def test_a_chunk_is_cut_in_two() -> None:
    done = await play("cut-chunk", "openai_chat", stream=True)
    assert done.sent.endswith(b"\r\n400\r\ndata: ")


async def test_a_body_may_end_though_the_answer_does_not() -> None:
    done = await play("cut-clean", "openai_chat", stream=True)
    assert done.sent.endswith(b"\r\n0\r\n\r\n")
    assert heard("openai_chat", done.body)[0] == PIECES[0]
