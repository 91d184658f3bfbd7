"""What people and programs do to commands that nobody asked them to."""

import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest

from tests.support.every_way import any_vendor, both_ways, every_client
from tests.support.four_vendors import FourVendors, model_seen
from tests.support.legal import check_sent, said_in
from tests.support.process import Server
from tests.support.sdk_talks import Sdks, Talk
from tests.support.talk import body, path

pytestmark = [every_client, any_vendor]


@pytest.fixture(scope="module")
def proxy(four: FourVendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config: Path = tmp_path_factory.mktemp("abuse") / "pipelines.toml"
    config.write_text(four.config, encoding="utf-8")
    with Server(config) as server:
        yield server
        assert server.stop() == 0
        assert "Traceback" not in "".join(server.raw_log)


def _last(vendors: FourVendors, vendor: str) -> list[tuple[str, str]]:
    received = vendors.received(vendor)
    check_sent(vendor, received)
    return said_in(vendor, received.json)


@pytest.mark.parametrize("text", ["!/", "!/ help", "! /help", "!//", "!/(x)", "!/123"])
def test_what_is_no_command_goes_on(
    sdks: Sdks, vendors: FourVendors, client: str, vendor: str, text: str
) -> None:
    assert sdks.talk(client, f"{vendor}:m").say(text) == "Hello you"
    assert _last(vendors, vendor) == [("user", text)]


OPEN = {
    "!/set(max_tokens=77": "the bracket of set( is not closed (line 1, column 6)",
    "!/hello\n!/model(": "the bracket of model( is not closed (line 2, column 8)",
}


@both_ways
@pytest.mark.parametrize("text", list(OPEN))
def test_a_bracket_that_is_not_closed(
    talk: Talk, vendors: FourVendors, vendor: str, text: str
) -> None:
    answer = talk.say(f"{text}\nand a long text")
    assert answer.rpartition("\n")[2] == f"llm-proxy error: {OPEN[text]}"
    assert vendors.all_received(vendor) == []
    assert talk.say("hi") == "Hello you"
    assert " ".join(text for _, text in _last(vendors, vendor)).split() == [
        *("and", "a", "long", "text"),
        "hi",
    ]


@both_ways
def test_ten_thousand_commands(talk: Talk, vendors: FourVendors, vendor: str) -> None:
    typed = "!/set(max_tokens=77)\n" * 10_000
    assert talk.say(typed) == "llm-proxy error: at most 50 commands in one message, please"
    assert vendors.all_received(vendor) == []
    assert talk.say("hi") == "Hello you"
    assert _last(vendors, vendor) == [("user", "hi")]
    assert b"77" not in vendors.received(vendor).body


@both_ways
def test_five_megabytes_of_commands_are_a_text(
    talk: Talk, vendors: FourVendors, vendor: str
) -> None:
    typed = "!/model(other)\n" * 350_000
    for text in (typed, "hi"):
        assert talk.say(text) == "Hello you"
        assert _last(vendors, vendor)[0] == ("user", typed)
        assert model_seen(vendor, vendors.received(vendor)) == "gpt-5"


@both_ways
def test_a_client_that_leaves_in_the_middle_of_an_answer(
    talk: Talk, vendors: FourVendors, client: str, vendor: str, proxy: Server
) -> None:
    """What was typed is carried out, however little of its long answer arrives."""
    name = {"x-session-id": f"left {talk.system}"}
    model = f"{vendor}:m"
    typed = "\n".join(["!/model(other)", *["!/help"] * 49])
    fields = body(client, typed, model=model, stream=talk.stream)
    _leave(proxy.url, path(client, model=model, stream=talk.stream), orjson.dumps(fields), name)
    talk.headers = name
    assert talk.say("hi") == "Hello you"
    assert model_seen(vendor, vendors.received(vendor)) == "other"


def _leave(url: str, where: str, content: bytes, headers: dict[str, str]) -> None:
    """Read the beginning of the answer, and break the connection."""
    at = urlsplit(url)
    lines = [
        f"POST {where} HTTP/1.1",
        f"host: {at.netloc}",
        "authorization: Bearer fake-key",
        f"content-length: {len(content)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect((at.hostname, at.port))
        sock.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        assert sock.recv(16) == b"HTTP/1.1 200 OK\r"
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
