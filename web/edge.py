"""The web edge: a whole aiohttp application, or single handlers of somebody else's."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from llm_proxy.load import DEFAULT_FILE, new_http_session, new_store, read_plan
from llm_proxy.pipeline.dialects.dialect import ModelEntry
from llm_proxy.pipeline.dialects.doors import door_of
from llm_proxy.pipeline.errors import MethodNotAllowed, NotFound, ProxyError
from llm_proxy.web import about
from llm_proxy.web.answers import error_response
from llm_proxy.web.chat import Chat, Visit
from llm_proxy.web.client import client_of
from llm_proxy.web.drains import Drains
from llm_proxy.web.generations import Generations

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Edge:
    """Everything a file describes, behind HTTP.

    The file is read at once, so a bad one raises `ConfigError` here; nothing is opened before the
    application starts (`context`, for its `cleanup_ctx`) or the edge is entered, which raises it
    where a stage or backend cannot be opened, and `CannotStart` where shared state is not there.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = DEFAULT_FILE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._path = Path(path)
        self._environment = environment
        self.plan = read_plan(path, environment)
        self._stack = AsyncExitStack()
        self._generations: Generations | None = None
        self._chat: Chat | None = None
        self._drains = Drains()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(new_http_session())
            store = await stack.enter_async_context(new_store(self.plan.config.state))
            generations = Generations(self._path, self._environment, http, store)
            stack.push_async_callback(generations.aclose)
            await generations.open(self.plan)
            self._drains = Drains()
            stack.push_async_callback(self._drains.aclose)
            following = asyncio.create_task(generations.follow_file())
            stack.push_async_callback(_cancelled, following)
            self._generations, self._chat = generations, Chat(generations, self._drains)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def context(self, _app: web.Application) -> AsyncGenerator[None, None]:
        """Open and close with an application: `app.cleanup_ctx.append(edge.context)`."""
        async with self:
            yield

    async def reload(self) -> bool:
        """Read the file again; False if it is bad and the old chains go on."""
        return await self._running().reload()

    def handler(self, path: str) -> Handler:
        """A handler for a route of the host's own, which answers as the served `path` does."""

        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._chatting().answer(request, path)

        return handle

    def application(self) -> web.Application:
        """A whole application, to run by itself or to mount with `add_subapp`."""
        app = web.Application()
        app.cleanup_ctx.append(self.context)
        app.on_shutdown.append(self._shutdown)
        router = app.router
        for path in [path for pipeline in self.plan.pipelines for path in pipeline.serves]:
            if "{" not in path and "}" not in path:  # which mean something to aiohttp alone
                router.add_post(path, self.handler(path))
        router.add_get("/health", _told(self._health))
        router.add_get("/ready", _told(self._ready))
        router.add_get("/models", _told(self._simple_models))
        version = "/{version:v1|v1beta|v1alpha}"
        router.add_get(f"{version}/models", _told(self._models))
        router.add_get(f"{version}/models/{{id:.+}}", _told(self._model))
        # Paths come and go with the file, and an application's routes cannot change: one for all.
        # Those that were there at the start have their own above, which are found sooner.
        router.add_route("*", r"/{path:[\s\S]*}", _told(self._served))
        return app

    async def _shutdown(self, _app: web.Application) -> None:
        self._drains.end_within(self.plan.config.server.shutdown_timeout)

    async def _served(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        if request.method != "POST":
            self._refuse_method(request, path)
            raise NotFound(f"nothing is served at {path}", code="not_found")
        return await self._chatting().answer(request, path)

    def _refuse_method(self, request: web.Request, path: str) -> None:
        """Raises `MethodNotAllowed` where the path would be right with another method."""
        with self._running().borrow() as proxy:
            door = door_of(path, request.query)
            if door is not None and door.served in proxy.by_path:
                raise MethodNotAllowed(f"{request.method} is not for {path}; use POST")

    async def _health(self, _request: web.Request) -> web.Response:
        return about.health()

    async def _ready(self, _request: web.Request) -> web.Response:
        with self._running().borrow() as proxy:
            return await about.ready(proxy)

    async def _models(self, request: web.Request) -> web.Response:
        entries, visit = await self._seen(request)
        return about.models(entries, visit.dialect)

    async def _model(self, request: web.Request) -> web.Response:
        given = request.match_info
        # Gemini's clients ask a model by its own path.
        self._refuse_method(request, f"/{given['version']}/models/{given['id']}")
        entries, visit = await self._seen(request)
        return about.model(entries, visit.dialect, given["id"])

    async def _simple_models(self, request: web.Request) -> web.Response:
        entries, _ = await self._seen(request)
        return about.simple_models(entries)

    async def _seen(self, request: web.Request) -> tuple[Sequence[ModelEntry], Visit]:
        """The models that a client may ask whom the first chain's gates let in."""
        with self._running().borrow() as proxy:
            trusted = proxy.plan.config.server.trusted_proxies
            caller = await proxy.pipeline().admit(client_of(request, trusted))
            return await proxy.models(caller), Visit.of(request, request.path)

    def _running(self) -> Generations:
        if self._generations is None:
            raise RuntimeError("the edge is not open: append edge.context to app.cleanup_ctx")
        return self._generations

    def _chatting(self) -> Chat:
        self._running()
        assert self._chat is not None  # noqa: S101 - set together with the generations
        return self._chat


def subapp(
    path: str | os.PathLike[str] = DEFAULT_FILE, environment: Mapping[str, str] | None = None
) -> web.Application:
    """An application for `host.add_subapp("/llm", …)`; raises `ConfigError`."""
    return Edge(path, environment).application()


def _told(handler: Handler) -> Handler:
    """Give every answer of a handler an id, and tell refusals as the caller's SDK expects them."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
        except ProxyError as error:
            visit = Visit.of(request, request.path)
            response = error_response(error, visit.dialect, visit.id, visit.trace)
            if isinstance(error, MethodNotAllowed):
                response.headers["Allow"] = "POST"
        if not response.prepared and "x-request-id" not in response.headers:
            response.headers["x-request-id"] = Visit.of(request, request.path).id
        return response

    return handle


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
