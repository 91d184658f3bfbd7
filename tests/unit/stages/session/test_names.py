"""What clients call their conversations."""

from dataclasses import replace
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.doors import door_of
from llm_proxy.pipeline.exchange import Client, Exchange
from llm_proxy.stages.session.names import NAMED_BY, name_of
from tests.support.captures import CAPTURES, Capture
from tests.support.stages import asking

UUID = "01a20d92-32ef-7073-80d7-0d4342743394"


def naming(headers: dict[str, str] | None = None, **params: Any) -> Exchange:
    return Exchange.of(asking(params=params).request, Client("127.0.0.1", headers or {}))


@pytest.mark.parametrize("name", [n for n in NAMED_BY if n not in ("prompt_cache_key", "user")])
def test_a_header_names_it(name: str) -> None:
    assert name_of(naming({name: "one"})) == ("one", name)


def test_the_first_in_the_table_counts() -> None:
    headers = {"thread-id": "c", "session-id": "b", "x-session-id": "a"}
    assert name_of(naming(headers, prompt_cache_key=UUID)) == ("a", "x-session-id")


def test_an_empty_header_names_nothing() -> None:
    assert name_of(naming({"x-session-id": "", "session-id": "b"})) == ("b", "session-id")


def test_a_cache_key_names_it_where_it_is_an_id() -> None:
    assert name_of(naming(prompt_cache_key=UUID)) == (UUID, "prompt_cache_key")


@pytest.mark.parametrize("key", ["my-app", f"{UUID}-v2", "", None, 5, [UUID]])
def test_a_cache_key_that_many_conversations_share_names_none(key: object) -> None:
    assert name_of(naming(prompt_cache_key=key)) is None


@pytest.mark.parametrize("user", [f"user_ab12_account__session_{UUID}", f"session_{UUID}"])
def test_a_users_id_that_ends_in_a_sessions(user: str) -> None:
    assert name_of(naming(user=user)) == (UUID, "user")


@pytest.mark.parametrize("user", ["ann", f"user_{UUID}", f"session_{UUID} and more", None])
def test_a_users_id_alone_names_no_conversation(user: object) -> None:
    assert name_of(naming(user=user)) is None


NAMED = {
    "claude-code": "x-claude-code-session-id",
    "codex": "session-id",
    "gemini-cli": None,
    "opencode": "x-session-id",
}


@pytest.mark.parametrize("capture", CAPTURES, ids=str)
def test_real_clients(capture: Capture) -> None:
    agent = next(name for name in NAMED if capture.name.startswith(name))
    found = name_of(asked_as(capture))
    assert (found[1] if found else None) == NAMED[agent]


def test_a_client_that_has_lost_its_headers_on_the_way() -> None:
    capture = next(capture for capture in CAPTURES if capture.name == "codex-1-first")
    found = name_of(replace(asked_as(capture), client=Client("127.0.0.1")))
    assert found == (capture.headers["session-id"], "prompt_cache_key")


def asked_as(capture: Capture) -> Exchange:
    door = door_of(capture.path, capture.query)
    assert door
    request = door.dialect.read_request(
        capture.raw, model=door.model, stream=door.stream, counts_only=False
    )
    headers = {name.lower(): value for name, value in capture.headers.items()}
    return Exchange.of(request, Client("127.0.0.1", headers))
