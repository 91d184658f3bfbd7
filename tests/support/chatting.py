"""A person in front of a client of any dialect, which sends the whole history with each message."""

from typing import Any

from aiohttp.test_utils import TestClient

from tests.support.sdk_answers import told
from tests.support.talk import Turn, body, path


class Chatting:
    """`answer = await chat("hi")`: what the client's SDK reads; the conversation has an id."""

    def __init__(
        self,
        proxy: TestClient[Any, Any],
        dialect: str,
        *,
        stream: bool = False,
        model: str = "m",
        system: str | None = None,
    ) -> None:
        self.turns: list[Turn] = []
        self._proxy = proxy
        self._dialect = dialect
        self._stream = stream
        self._model = model
        self._system = system

    async def __call__(self, text: str) -> str:
        self.turns.append(("user", text))
        dialect, stream, model = self._dialect, self._stream, self._model
        request = body(dialect, self.turns, model=model, system=self._system, stream=stream)
        where = path(dialect, stream=stream, model=model)
        headers = {"x-session-id": "one"}
        async with self._proxy.post(where, json=request, headers=headers) as response:
            raw = await response.read()
            assert response.status == 200, raw
        answer = told(dialect, raw, stream=stream).text
        self.turns.append(("assistant", answer))
        return answer
