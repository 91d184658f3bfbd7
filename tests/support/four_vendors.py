"""One scripted vendor for each dialect, in a thread of their own, for clients that block."""

import asyncio
import threading
from concurrent.futures import Future
from typing import Self

from tests.support.scripts import SCRIPTS, plays
from tests.support.vendor import Connection, Play, Received, Vendor, whole

TYPES = {
    "openai_chat": 'type = "openai"\napi = "chat"\nserver = "openai"',
    "openai_responses": 'type = "openai"\napi = "responses"\nserver = "openai"',
    "anthropic_messages": 'type = "anthropic"',
    "gemini": 'type = "gemini"',
}

MODELS = {
    "openai_chat": "gpt-5",
    "openai_responses": "gpt-5",
    "anthropic_messages": "claude-opus-5",
    "gemini": "gemini-3-pro",
}
"""A model of each vendor's, so that its facts are heeded."""


class FourVendors:
    """Use as a context manager. Every vendor gives the answer that `script` names, or plays
    `instead`."""

    def __init__(self) -> None:
        self.script = "TALK"
        self.instead: Play | None = None
        self._vendors = {name: Vendor([self._play(name)]) for name in SCRIPTS}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        for vendor in self._vendors.values():
            self._run(vendor.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        for vendor in self._vendors.values():
            self._run(vendor.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: object) -> None:
        future: Future[object] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)  # type: ignore[arg-type]
        future.result(10)

    def _play(self, dialect: str) -> Play:
        async def play(at: Connection) -> None:
            if at.received.method == "GET":
                listed = {"data": [{"id": "m1"}], "models": [{"name": "models/m1"}]}
                await whole(listed)(at)
            elif self.instead:
                await self.instead(at)
            else:
                await plays(dialect, self.script)(at)

        return play

    def reset(self, script: str = "TALK", instead: Play | None = None) -> None:
        """Forget what arrived, and answer so from now on."""
        self.script, self.instead = script, instead
        for vendor in self._vendors.values():
            vendor.requests.clear()

    def received(self, dialect: str) -> Received:
        """The last request that this vendor got."""
        return self._vendors[dialect].requests[-1]

    def all_received(self, dialect: str) -> list[Received]:
        """Every request that this vendor got."""
        return self._vendors[dialect].requests

    def left(self, dialect: str) -> None:
        """Wait until this vendor's client has closed a connection before the answer was over."""
        self._run(self._vendors[dialect].left(5))

    @property
    def config(self) -> str:
        """A configuration with one backend for each, named after its dialect."""
        tables = [
            f'[backends.{name}]\n{TYPES[name]}\napi_key = "fake-vendor-key"\n'
            f'api_url = "{self._url(name)}"\n'
            for name in SCRIPTS
        ]
        return (
            '[pipelines.default]\nstages = ["observe", "auth", "rate_limit", "session", "commands",'
            ' "loop_detection", "transform", "failover", "dispatch"]\n'
            '[stages.auth]\napi_keys = "fake-key"\n'
            "[stages.rate_limit]\ndefault_limit = 100000\n"
            "[stages.failover]\nmax_tries = 1\n"
            '[backends]\ndefault_backend = "openai_chat"\n' + "\n".join(tables)
        )

    def _url(self, name: str) -> str:
        port = self._vendors[name].port
        with_version = name.startswith("openai")
        return f"http://127.0.0.1:{port}/v1" if with_version else f"http://127.0.0.1:{port}"


def model_at(vendor: str) -> str:
    """The name under which a client asks for a vendor's model."""
    return f"{vendor}:{MODELS[vendor]}"


def model_seen(vendor: str, received: Received) -> str:
    """The model that a vendor was asked for."""
    if vendor == "gemini":
        return received.path.rpartition("/")[2].partition(":")[0]
    return str(received.json["model"])
