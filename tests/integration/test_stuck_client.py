"""A client that asks for a stream and does not read it."""

import asyncio
import socket
from random import Random

import orjson
import pytest

from tests.support.log_lines import request_lines
from tests.support.one_vendor import Start, asked
from tests.support.until import until
from tests.support.vendor import HELLO, delta, streamed

CHANCE = Random(1)
LARGE = [*(delta(content=CHANCE.randbytes(32_000).hex()) for _ in range(200)), *HELLO[3:]]
"""More than all buffers on the way take, and no loop."""

OFTEN = '[server]\nheartbeat = "10ms"\n'


def _tasks(*owners: str) -> int:
    """How many tasks run a method of these classes."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return len([name for name in names if name.partition(".")[0] in owners])


@pytest.mark.parametrize("policy", ["cancel", "drain"])
async def test_nothing_piles_up_and_all_ends_when_it_goes(
    before_vendor: Start, caplog: pytest.LogCaptureFixture, policy: str
) -> None:
    caplog.set_level("INFO")
    more = f'{OFTEN}on_disconnect = "{policy}"'
    client, vendor = await before_vendor("openai_chat", streamed(LARGE), more)
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(stuck, ("127.0.0.1", client.port))
        body = orjson.dumps(asked("openai_chat", stream=True))
        head = (
            "POST /v1/chat/completions HTTP/1.1",
            "Host: 127.0.0.1",
            f"Content-Length: {len(body)}",
        )
        await loop.sock_sendall(stuck, "\r\n".join([*head, "", ""]).encode() + body)
        await vendor.asked()
        await asyncio.sleep(0.2)
        assert _tasks("AnswerStream") <= 1
        assert [] == request_lines(caplog)

    await until(lambda: not _tasks("AnswerStream", "Chat", "RequestHandler"), 10)
    (line,) = request_lines(caplog)
    assert ("abandoned" if policy == "cancel" else "complete") == line["outcome"]
