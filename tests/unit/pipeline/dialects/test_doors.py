"""Which dialect is spoken at a path, and what is asked for there."""

import pytest

from llm_proxy.pipeline.dialects.doors import SERVED_BY, dialect_for, door_of, unserved_path

GENERATE = "/v1beta/models/gemini-3:generateContent"


def door(path: str, **query: str) -> tuple[object, ...] | None:
    found = door_of(path, query)
    if found is None:
        return None
    return (found.served, found.dialect.name, found.model, found.stream, found.counts_only)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/chat/completions", "openai_chat"),
        ("/v1/responses", "openai_responses"),
        ("/v1/messages", "anthropic_messages"),
        ("/team-a/v1/chat/completions", "openai_chat"),
        ("/messages", "anthropic_messages"),
    ],
)
def test_the_end_of_a_path_tells_its_dialect(path: str, name: str) -> None:
    assert (path, name, None, False, False) == door(path, beta="true")


@pytest.mark.parametrize(
    ("path", "served", "name"),
    [
        ("/v1/messages/count_tokens", "/v1/messages", "anthropic_messages"),
        ("/v1/responses/input_tokens", "/v1/responses", "openai_responses"),
    ],
)
def test_counting_belongs_to_the_path_it_stands_under(path: str, served: str, name: str) -> None:
    assert (served, name, None, False, True) == door(path)


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_every_version_of_gemini_belongs_to_one_path(version: str) -> None:
    path = f"/{version}/models/gemini-3:generateContent"
    assert ("/v1beta", "gemini", "gemini-3", False, False) == door(path)
    assert ("/team/v1beta", "gemini", "gemini-3", False, False) == door(f"/team{path}")


@pytest.mark.parametrize(
    ("path", "query", "model", "stream", "counts"),
    [
        ("m:streamGenerateContent", {"alt": "sse"}, "m", True, False),
        ("m:streamGenerateContent", {}, "m", True, False),
        ("m:countTokens", {}, "m", False, True),
        ("openai:gpt-5:generateContent", {}, "openai:gpt-5", False, False),
        ("foo/bar:generateContent", {}, "foo/bar", False, False),
        ("models/foo:generateContent", {}, "foo", False, False),
    ],
)
def test_gemini_says_in_the_path_what_it_wants(
    *, path: str, query: dict[str, str], model: str, stream: bool, counts: bool
) -> None:
    expected = ("/v1beta", "gemini", model, stream, counts)
    assert expected == door(f"/v1beta/models/{path}", **query)


def test_without_sse_gemini_streams_a_list() -> None:
    path = "/v1beta/models/m:streamGenerateContent"
    as_list, as_events = door_of(path, {}), door_of(path, {"alt": "sse"})
    assert as_list is not None
    assert as_events is not None
    assert as_list.dialect is not as_events.dialect
    assert as_events.dialect is SERVED_BY["/v1beta"]


@pytest.mark.parametrize(
    "path", ["/", "/v1/models", "/v1beta", "/v1beta/models", "/v1beta/models/m:embed", "/v2/x"]
)
def test_where_there_is_no_door(path: str) -> None:
    assert None is door(path)


@pytest.mark.parametrize(
    ("path", "headers", "query", "name"),
    [
        ("/v1/models", {}, {}, "openai_chat"),
        ("/v1/models", {"anthropic-version": "2023-06-01"}, {}, "anthropic_messages"),
        ("/v1/models", {"x-goog-api-key": "k"}, {}, "gemini"),
        ("/v1/models", {"x-goog-api-client": "c"}, {}, "gemini"),
        ("/v1/models", {}, {"key": "k"}, "gemini"),
        ("/v1beta/models", {}, {}, "gemini"),
        ("/v1beta", {}, {}, "gemini"),
        ("/v1alpha/models/m", {"anthropic-version": "x"}, {}, "gemini"),
        ("/v1/messages", {"x-goog-api-key": "k"}, {}, "anthropic_messages"),
        (GENERATE, {}, {}, "gemini"),
        ("/nowhere", {}, {}, "openai_chat"),
    ],
)
def test_whose_client_asks(
    path: str, headers: dict[str, str], query: dict[str, str], name: str
) -> None:
    assert name == dialect_for(path, headers, query).name


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1beta", "/a/v1/messages"])
def test_a_path_that_can_be_served(path: str) -> None:
    assert None is unserved_path(path)


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/chat/completions/", "/"])
def test_any_other_path_is_explained(path: str) -> None:
    endings = "/chat/completions, /responses, /messages, /v1beta"
    expected = f'no dialect is spoken at "{path}": a path ends in one of {endings}'
    assert expected == unserved_path(path)


def test_a_path_begins_with_a_slash() -> None:
    expected = '"v1/chat/completions" is not a path: it must begin with "/"'
    assert expected == unserved_path("v1/chat/completions")
