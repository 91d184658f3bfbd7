"""What the proxy tells about itself: its models, its health, whether it is ready."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from llm_proxy.pipeline.dialects.dialect import Dialect, ModelEntry
from llm_proxy.pipeline.errors import NotFound
from llm_proxy.pipeline.proxy import Proxy
from llm_proxy.pipeline.state.store import Outage, Store
from llm_proxy.web.answers import JSON


def models(entries: Sequence[ModelEntry], dialect: Dialect) -> web.Response:
    """`GET /v1/models`."""
    return _json(dialect.write_models(entries))


def model(entries: Sequence[ModelEntry], dialect: Dialect, id_: str) -> web.Response:
    """`GET /v1/models/{id}`; raises `NotFound`."""
    for entry in entries:
        if entry.id == id_:
            return _json(dialect.write_model(entry))
    raise NotFound(f'there is no model "{id_}"')


def simple_models(entries: Sequence[ModelEntry]) -> web.Response:
    """`GET /models`: the ids and owners alone."""
    data = [_simple(entry) for entry in entries]
    return _json(orjson.dumps({"object": "list", "data": data}))


async def ready(proxy: Proxy) -> web.Response:
    """`GET /ready`: each backend, asked for its models, and those of its models that are being left
    alone, for so many seconds; and what replicas share. 503 if no backend can be used, or nothing
    goes on without what is shared."""
    failures = await proxy.catalogue.failures()
    backends: dict[str, dict[str, Any]] = {
        name: {"ready": False, "reason": failure.kind.value} if failure else {"ready": True}
        for name, failure in failures.items()
    }
    for planned in proxy.plan.backends:
        if planned.off:
            backends[planned.name] = {"ready": False, "reason": f"off: {planned.off}"}
    for target, circuit in proxy.health.circuits().items():
        if target.backend in backends:
            state = {"state": circuit.state, "seconds": round(circuit.seconds, 3)}
            backends[target.backend].setdefault("circuits", {})[target.at_backend] = state
    outage = proxy.store.outage
    usable = any(backend["ready"] for backend in backends.values()) and not _refuses(outage)
    body = {
        "status": "ready" if usable else "not_ready",
        "backends": backends,
        "state": _state(proxy.store),
    }
    status = HTTPStatus.OK if usable else HTTPStatus.SERVICE_UNAVAILABLE
    return _json(orjson.dumps(body), status)


def health() -> web.Response:
    """`GET /health`: the process answers."""
    return _json(b'{"status":"healthy"}')


def _refuses(outage: Outage | None) -> bool:
    return outage is not None and "closed" in outage.instead.values()


def _state(store: Store) -> dict[str, Any]:
    outage, outages = store.outage, store.outages
    told: dict[str, Any] = {"ready": outage is None}
    if outage:
        told |= {"seconds": round(outage.seconds, 3), "instead": outage.instead}
    if outages:
        told |= {"outages": outages.number, "seconds_away": round(outages.seconds, 3)}
    return told


def _simple(entry: ModelEntry) -> dict[str, str]:
    return {"id": entry.id, "object": "model", "owned_by": entry.owner}


def _json(body: bytes, status: int = HTTPStatus.OK) -> web.Response:
    return web.Response(body=body, status=status, headers={"Content-Type": JSON})
