"""A test server whose runner has options: aiohttp's own test server heeds none."""

from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


class RunnerServer(TestServer):
    """`await aiohttp_client(RunnerServer(app, handler_cancellation=False))`."""

    def __init__(self, app: web.Application, **options: Any) -> None:
        super().__init__(app)
        self._options = options

    async def _make_runner(self, **kwargs: Any) -> web.AppRunner:
        return web.AppRunner(self.app, **{**kwargs, **self._options})
