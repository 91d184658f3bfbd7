"""Requests as a vendor gets them, and what it plays to them, without a socket."""

import asyncio
from typing import Any
from unittest.mock import Mock

from llm_proxy.lab.answers import Asked
from llm_proxy.lab.vendor import Connection, Play, Received
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.dialects.dialect import Recipient
from llm_proxy.pipeline.trace import Target
from tests.support.stages import asking

PATHS = {
    "openai_chat": "/0/v1/chat/completions",
    "openai_responses": "/0/v1/responses",
    "anthropic_messages": "/0/v1/messages",
    "gemini": "/0/v1/v1beta/models/{model}:generateContent",
}

STREAMED = {
    **PATHS,
    "gemini": "/0/v1/v1beta/models/{model}:streamGenerateContent?alt=sse",
}

COUNTING = {
    "openai_responses": "/0/v1/responses/input_tokens",
    "anthropic_messages": "/0/v1/messages/count_tokens",
    "gemini": "/0/v1/v1beta/models/{model}:countTokens",
}


def received(dialect: str, *, stream: bool = False, model: str = "m") -> Received:
    """A request of our own for this vendor."""
    request = asking("hi", model=model, stream=stream).request
    body = DIALECTS[dialect].write_request(request, Recipient(model)).body
    path = (STREAMED if stream else PATHS)[dialect]
    return Received("POST", path.format(model=model), {}, body)


def asked(dialect: str, *, stream: bool = False, counts_only: bool = False) -> Asked:
    """What such a request asks of the backend "b"."""
    request = asking("hi", stream=stream, counts_only=counts_only).request
    return Asked(Target("b", "m"), DIALECTS[dialect], request)


class Played:
    """What a play does: the bytes it sends, and how it ends."""

    def __init__(self) -> None:
        self.sent = b""
        self.ends = ""

    @property
    def status(self) -> int | None:
        return int(self.sent.split(b" ")[1]) if self.sent else None

    @property
    def headers(self) -> dict[str, str]:
        lines = self.sent.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {name: value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def body(self) -> bytes:
        """The body, without the sizes of its chunks."""
        data = self.sent.partition(b"\r\n\r\n")[2]
        if "transfer-encoding" not in self.headers:
            return data
        chunks: list[bytes] = []
        while data:
            size, _, data = data.partition(b"\r\n")
            chunks.append(data[: int(size, 16)])
            data = data[int(size, 16) + 2 :]
        return b"".join(chunks)


async def played(play: Play) -> Played:
    """Let a play have its way, and see whether it ends, breaks off or hangs."""
    done, writer = Played(), Mock(spec=asyncio.StreamWriter)

    def write(data: bytes) -> None:
        done.sent += data

    writer.write.side_effect = write
    request = Received("POST", "/", {}, b"")
    task: asyncio.Task[Any] = asyncio.ensure_future(
        play(Connection(writer, request, asyncio.Event()))  # type: ignore[arg-type]
    )
    for _ in range(50):
        await asyncio.sleep(0)
    if not task.done():
        done.ends = "hangs"
        task.cancel()
        await asyncio.wait([task])
    elif isinstance(task.exception(), ConnectionResetError):
        done.ends = "breaks"
    else:
        task.result()
        done.ends = "well"
    return done
