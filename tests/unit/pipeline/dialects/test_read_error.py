import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.openai_chat.errors import error_object, write_error
from llm_proxy.pipeline.dialects.read_error import (
    read_error,
    reported_error,
    retry_after,
)
from llm_proxy.pipeline.errors import Fault, Kind, ProxyError
from tests.unit.pipeline.dialects.openai_chat import json_values


def read(status: int, error: Any = None, **headers: str) -> ProxyError:
    body = b"" if error is None else json.dumps({"error": error}).encode()
    return read_error(status, {k.replace("_", "-"): v for k, v in headers.items()}, body)


@pytest.mark.parametrize(
    ("status", "kind", "shown", "fault"),
    [
        (400, Kind.BAD_REQUEST, 400, Fault.BAD_REQUEST),
        (422, Kind.BAD_REQUEST, 400, Fault.BAD_REQUEST),
        (405, Kind.BAD_REQUEST, 405, Fault.BAD_REQUEST),
        (401, Kind.BAD_GATEWAY, 502, Fault.AUTH),
        (402, Kind.BILLING, 402, Fault.QUOTA),
        (403, Kind.FORBIDDEN, 403, Fault.FORBIDDEN),
        (404, Kind.NOT_FOUND, 404, Fault.NOT_FOUND),
        (409, Kind.CONFLICT, 409, Fault.CONFLICT),
        (413, Kind.TOO_LARGE, 413, Fault.BAD_REQUEST),
        (408, Kind.TIMEOUT, 504, Fault.TIMEOUT),
        (429, Kind.RATE_LIMITED, 429, Fault.RATE_LIMITED),
        (500, Kind.BAD_GATEWAY, 502, Fault.SERVER_ERROR),
        (502, Kind.BAD_GATEWAY, 502, Fault.SERVER_ERROR),
        (503, Kind.UNAVAILABLE, 503, Fault.OVERLOADED),
        (504, Kind.TIMEOUT, 504, Fault.TIMEOUT),
        (529, Kind.UNAVAILABLE, 503, Fault.OVERLOADED),
        (302, Kind.BAD_GATEWAY, 502, Fault.SERVER_ERROR),
    ],
)
def test_what_a_status_means(*, status: int, kind: Kind, shown: int, fault: Fault) -> None:
    error = read(status, {"message": "m"})
    assert (kind, shown, fault) == (error.kind, error.status, error.fault)
    assert error.message.endswith("m")


@pytest.mark.parametrize(
    ("status", "fields", "kind"),
    [
        (400, {"code": "context_length_exceeded"}, Kind.CONTEXT_TOO_LONG),
        (400, {"code": 400, "type": "exceed_context_size_error"}, Kind.CONTEXT_TOO_LONG),
        (429, {"code": "insufficient_quota", "type": "insufficient_quota"}, Kind.BILLING),
        (429, {"code": "credit_balance_exhausted"}, Kind.BILLING),
        (429, {"code": "rate_limit_exceeded", "type": "requests"}, Kind.RATE_LIMITED),
        (429, {"code": "1302"}, Kind.RATE_LIMITED),
        (429, {"code": "1113"}, Kind.BILLING),
        (502, {"code": "1113"}, Kind.BILLING),
        (400, {"code": "1261"}, Kind.CONTEXT_TOO_LONG),
        (429, {"code": "1305"}, Kind.UNAVAILABLE),
        (502, {"code": 429}, Kind.RATE_LIMITED),
        (502, {"code": "server_error"}, Kind.BAD_GATEWAY),
        (502, {"code": 7}, Kind.BAD_GATEWAY),
    ],
)
def test_words_that_tell_more_than_the_status(status: int, fields: Any, kind: Kind) -> None:
    assert kind is read(status, {"message": "m", **fields}).kind


@pytest.mark.parametrize(
    ("status", "fields", "code"),
    [
        (400, {"code": "unsupported_value"}, "unsupported_value"),
        (403, {"code": "moderation"}, "moderation"),
        (400, {"code": "context_length_exceeded"}, "context_length_exceeded"),
        (400, {"code": 400, "type": "exceed_context_size_error"}, "context_length_exceeded"),
        (402, {"code": 402}, "insufficient_quota"),
        (404, {"code": 404}, "model_not_found"),
        (429, {"code": 429}, "rate_limit_exceeded"),
        (503, {"code": 503}, "server_is_overloaded"),
    ],
)
def test_the_code_a_client_of_this_dialect_knows(status: int, fields: Any, code: str) -> None:
    assert code == error_object(read(status, {"message": "m", **fields}))["code"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"message":"m"}}', "m"),
        (b'{"error":"m"}', "m"),
        (b'{"object":"error","message":"m","code":400}', "m"),
        (b'{"message":"m"}', "m"),
        (b" m\n", "m"),
        (b"\xffm", "\ufffdm"),
        (b"x" * 501, "x" * 500),
        (b'"m"', "m"),
        (b"", "the backend answered with status 400"),
        (b"{}", "the backend answered with status 400"),
        (b"[]", "the backend answered with status 400"),
        (b'{"error":{"message":5}}', "the backend answered with status 400"),
        (b'{"error":null}', "the backend answered with status 400"),
    ],
)
def test_the_vendors_words_are_kept(body: bytes, message: str) -> None:
    assert message == read_error(400, {}, body).message


def test_the_field_at_fault_is_kept() -> None:
    error = read(400, {"message": "m", "param": "model", "code": "c"})
    assert ("model", "c") == (error.param, error.code)
    assert None is read(400, {"message": "m", "param": 5}).param


def test_a_refused_key_is_the_proxys_own_fault() -> None:
    error = read(401, {"message": "bad key", "code": "invalid_api_key"})
    assert "the backend refused the proxy's own key: bad key" == error.message
    assert {"type": "server_error", "code": None}.items() <= error_object(error).items()


@pytest.mark.parametrize("status", [429, 503, 402, 400])
def test_the_time_to_wait_is_kept(status: int) -> None:
    assert 7.0 == read(status, retry_after="7").retry_after


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0.5"}, 0.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "-5"}, 0.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00"}, None),
        ({"retry-after": "Wed, 21 Oct 99999999999 07:28:00 GMT"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": "1e300"}, 86400.0),
        ({"retry-after-ms": "inf"}, None),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], expected: float | None) -> None:
    assert expected == retry_after(headers)


def test_a_date_to_wait_for() -> None:
    then = datetime.now(UTC) + timedelta(seconds=60)
    assert 60 == pytest.approx(retry_after({"retry-after": format_datetime(then)}), abs=3)


@given(st.integers(300, 599), json_values.values, st.text(max_size=12))
def test_any_answer_is_some_error_that_can_be_told(status: int, error: Any, wait: str) -> None:
    told = write_error(read(status, error, retry_after=wait))
    assert 400 <= told.status <= 599


@given(st.integers(300, 599), st.binary())
def test_any_body_is_some_error_that_can_be_told(status: int, body: bytes) -> None:
    assert 400 <= write_error(read_error(status, {}, body)).status <= 599


def test_a_code_of_endless_digits_is_only_a_code() -> None:
    assert Kind.BAD_GATEWAY is read(502, {"message": "m", "code": "4" * 5000}).kind


@pytest.mark.parametrize(
    "answer", [{}, {"error": None}, {"error": {}}, {"error": ""}, {"choices": []}, {"object": "x"}]
)
def test_an_answer_without_an_error_reports_none(answer: dict[str, Any]) -> None:
    assert None is reported_error(answer)
