from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from yarl import URL

from llm_proxy.web.client import client_of

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("127.0.0.1"))


def _request(path: str = "/", address: str = "10.0.0.1", **headers: str) -> web.Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("POST", path, headers=named).clone(remote=address)


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, None),
        ({"Authorization": "Bearer k"}, "k"),
        ({"authorization": "BEARER  k "}, "k"),
        ({"Authorization": "Bearer"}, None),
        ({"Authorization": "Basic k"}, None),
        ({"X_Api_Key": "k"}, "k"),
        ({"X_Goog_Api_Key": "k"}, "k"),
        ({"Authorization": "Bearer first", "X_Api_Key": "second"}, "second"),
        ({"Authorization": "Bearer first", "X_Api_Key": ""}, "first"),
        ({"X_Api_Key": "", "X_Goog_Api_Key": "k"}, "k"),
    ],
)
def test_a_key_is_found_wherever_an_sdk_puts_it(headers: dict[str, str], key: str | None) -> None:
    assert client_of(_request(**headers), ()).credential == key


def test_a_key_in_the_address() -> None:
    assert client_of(_request("/v1/x?alt=sse&key=k%2B1"), ()).credential == "k+1"
    assert URL("/v1/x?key=k%2B1").query["key"] == "k+1"


def test_headers_are_found_by_lower_case_names() -> None:
    assert client_of(_request(X_Session_Id="s"), ()).headers["x-session-id"] == "s"


@pytest.mark.parametrize(
    ("address", "forwarded", "expected"),
    [
        ("10.0.0.1", "8.8.8.8", "8.8.8.8"),
        ("10.0.0.1", "1.1.1.1, 8.8.8.8, 10.0.0.2", "8.8.8.8"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "8.8.8.8:4711", "8.8.8.8"),
        ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "8.8.8.8, unknown, 10.0.0.3", "10.0.0.3"),
        ("10.0.0.1", "\n", "10.0.0.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("8.8.4.4", "1.2.3.4", "8.8.4.4"),
        ("127.0.0.1", "8.8.8.8", "8.8.8.8"),
    ],
)
def test_a_forwarded_address_is_believed_only_from_a_trusted_proxy(
    address: str, forwarded: str | None, expected: str
) -> None:
    headers = {"X_Forwarded_For": forwarded} if forwarded else {}
    assert client_of(_request(address=address, **headers), TRUSTED).address == expected


def test_nobody_is_trusted_unless_named() -> None:
    request = _request(address="127.0.0.1", X_Forwarded_For="8.8.8.8")
    assert client_of(request, ()).address == "127.0.0.1"
