"""The library's client for an address, set up so that all limits of time are ours."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from redis.asyncio import Redis, RedisCluster, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from llm_proxy.pipeline.state.address import Address
from llm_proxy.pipeline.state.redis_lines import ClusterLine, Line, ServerLine

_AT_ONCE = 4
"""Lines that are written to; what comes while all wait for answers goes with the next."""


@asynccontextmanager
async def opened(address: Address) -> AsyncGenerator[Sequence[Line], None]:
    """Lines that are connected when they are given something."""
    async with AsyncExitStack() as stack:
        clients = {"one": _one, "cluster": _cluster, "sentinel": _sentinel}
        client, *others = clients[address.kind](address)
        for one in (*others, client):
            stack.push_async_callback(one.aclose)
        line = ClusterLine if address.kind == "cluster" else ServerLine
        yield [line(client) for _ in range(_AT_ONCE)]


def _options(address: Address) -> Mapping[str, Any]:
    """One limit lies over the whole of a call, so that there is none here, and nothing is tried
    twice. The protocol is the one that every server speaks."""
    options = {"protocol": 2, "socket_timeout": None, "socket_connect_timeout": None}
    tls = {} if address.tls is None else {"ssl": True, **address.tls}
    return {**options, "retry": Retry(NoBackoff(), 0), **tls}


def _credentials(address: Address) -> Mapping[str, Any]:
    return {"username": address.username, "password": address.password}


def _one(address: Address) -> list[Any]:
    ((host, port),) = address.hosts
    where: dict[str, Any] = {"host": host, "port": port, "db": address.database}
    return [Redis(**where, **_credentials(address), **_options(address))]


def _cluster(address: Address) -> list[Any]:
    nodes = [ClusterNode(host, port) for host, port in address.hosts]
    return [RedisCluster(startup_nodes=nodes, **_credentials(address), **_options(address))]


def _sentinel(address: Address) -> list[Any]:
    """The credentials are for the servers; sentinels are asked without any."""
    options = _options(address)
    make: Any = Sentinel  # the library says nothing of its types
    sentinel = make(address.hosts, sentinel_kwargs=options, **options)
    master = sentinel.master_for(address.service, db=address.database, **_credentials(address))
    return [master, *sentinel.sentinels]
