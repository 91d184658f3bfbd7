"""Which conversation of the official SDKs is which, with and without the ids of real clients."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from pathlib import Path
from typing import Any

import pytest

from tests.support.captures import CAPTURES
from tests.support.every_way import both_ways, every_client
from tests.support.four_vendors import MODELS, FourVendors, model_at, model_seen
from tests.support.process import Server
from tests.support.saying import saying
from tests.support.sdk_talks import Sdks, Talk

ASKED = model_at("openai_chat")
SET, UNSET = "other", MODELS["openai_chat"]
"""The model that is asked for where it was set in the chat, and where it was not."""
OWN_IDS = {
    capture.dialect: {
        name: value for name, value in capture.headers.items() if name.lower().endswith("-id")
    }
    for capture in CAPTURES
}
"""Dialect → the headers by which its agent names a conversation; Gemini CLI has none."""


@pytest.fixture(scope="module")
def proxy(four: FourVendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path: Path = tmp_path_factory.mktemp("sessions") / "pipelines.toml"
    path.write_text(four.config.replace('"fake-key"', '"fake-key,fake-other-key"'), "utf-8")
    with Server(path) as server:
        yield server


@pytest.fixture
def vendor() -> str:
    return "openai_chat"


@pytest.fixture(scope="module")
def others(proxy: Server) -> Iterator[Sdks]:
    """Somebody else's."""
    with Sdks(proxy.url, "fake-other-key") as official:
        yield official


def _models(vendors: FourVendors) -> list[str]:
    return [model_seen("openai_chat", one) for one in vendors.all_received("openai_chat")]


def test_the_captures_have_the_ids_that_are_read() -> None:
    names = {client: sorted(map(str.lower, headers)) for client, headers in OWN_IDS.items()}
    assert names == {
        "openai_chat": ["x-session-id"],
        "openai_responses": ["session-id", "thread-id"],
        "anthropic_messages": ["x-claude-code-session-id"],
        "gemini": [],
    }


@every_client
@both_ways
def test_a_session_lasts_while_the_history_grows(
    talk: Talk, vendors: FourVendors, client: str
) -> None:
    talk.headers = {name: f"{value}-{talk.system}" for name, value in OWN_IDS[client].items()}
    for text in ("hi", "!/model(other)", "two", "!/hello", "three"):
        talk.say(text)
    talk.called("a bird")
    talk.go_on()
    assert _models(vendors) == [UNSET, SET, SET, SET]


@pytest.mark.parametrize("client", [client for client, ids in OWN_IDS.items() if ids])
@both_ways
def test_a_named_session_survives_a_compacted_history(
    talk: Talk, vendors: FourVendors, client: str
) -> None:
    talk.headers = {name: f"{value}-{talk.system}" for name, value in OWN_IDS[client].items()}
    talk.say("!/model(other)")
    talk.turns.clear()
    talk.system = "Be brief."
    talk.say("In short: we spoke of birds.")
    assert _models(vendors) == [SET]


@every_client
@both_ways
def test_a_session_without_a_name_survives_where_the_beginning_is_still_there(
    talk: Talk, vendors: FourVendors
) -> None:
    for text in ("hi", "!/model(other)", "two"):
        talk.say(text)
    beginning = next(at for at, turn in enumerate(talk.turns) if "!/" in str(turn))
    del talk.turns[beginning:]
    talk.say("In short: we spoke of birds.")
    assert _models(vendors) == [UNSET, SET, SET]


@every_client
def test_what_began_with_the_same_words_is_not_the_same(
    sdks: Sdks, vendors: FourVendors, client: str
) -> None:
    one, other = (sdks.talk(client, ASKED, system="Be alike.") for _ in range(2))
    for talk, answer in ((one, "one"), (other, "other")):
        vendors.reset(instead=saying("openai_chat", [answer]))
        talk.say("hi")
    vendors.reset()
    one.say("!/model(other)")
    other.say("!/hello")
    for talk in (one, other, one):
        talk.say("two")
    assert _models(vendors) == [SET, UNSET, SET]


@every_client
@pytest.mark.parametrize("name", [None, "of-both"])
def test_never_across_keys(
    sdks: Sdks, others: Sdks, vendors: FourVendors, client: str, name: str | None
) -> None:
    headers = {"x-session-id": f"{name}-{client}"} if name else {}
    asked: dict[str, Any] = {"system": f"Be {client}, {name}.", "headers": headers}
    mine, theirs = (one.talk(client, ASKED, **asked) for one in (sdks, others))
    mine.say("hi")
    mine.say("!/model(other)")
    theirs.turns = [*mine.turns]
    assert theirs.say("!/model") == "No model is set: the client's own choice is used."
    theirs.say("two")
    mine.say("two")
    assert _models(vendors) == [UNSET, UNSET, SET]


@every_client
def test_many_at_once(sdks: Sdks, vendors: FourVendors, client: str) -> None:
    def converse(number: int) -> None:
        stream = number % 2 == 1
        talk = sdks.talk(client, ASKED, system="Be alike.", stream=stream)
        for text in (f"!/model(m-{number})", "hi", "!/hello", "two"):
            talk.say(text)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(converse, range(6)))
    assert sorted(_models(vendors)) == [f"m-{number}" for number in range(6) for _ in range(2)]


@every_client
@both_ways
def test_of_two_requests_at_once_one_is_the_next(talk: Talk, vendors: FourVendors) -> None:
    talk.say("hi")
    talk.say("!/oneoff(other)")
    with ThreadPoolExecutor(2) as pool:
        twins = [_twin(talk), _twin(talk)]
        list(pool.map(lambda twin: twin.say("two"), twins))
    assert sorted(_models(vendors)) == sorted([UNSET, UNSET, SET])


def _twin(talk: Talk) -> Talk:
    twin = copy(talk)
    twin.turns = [*talk.turns]
    return twin
