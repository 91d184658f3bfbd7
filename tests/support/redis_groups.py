"""Several Redis servers that belong together."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

from tests.support.redis_server import RedisServer

_SLOTS = 16_384


@asynccontextmanager
async def cluster(folder: Path) -> AsyncGenerator[list[RedisServer], None]:
    """Three servers that share what there is between them."""
    with ExitStack() as stack:
        servers: list[RedisServer] = []
        for name in "abc":
            (folder / name).mkdir()
            options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
            servers.append(stack.enter_context(RedisServer(folder / name, options)))
        for number, server in enumerate(servers):
            async with Redis.from_url(server.url) as raw:
                first, end = number * _SLOTS // 3, (number + 1) * _SLOTS // 3
                await raw.execute_command("CLUSTER ADDSLOTS", *range(first, end))
                await raw.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
                await raw.execute_command("CLUSTER MEET", "127.0.0.1", servers[0].port)
        for server in servers:
            await _joined(server)
        yield servers


async def _joined(server: RedisServer) -> None:
    async with Redis.from_url(server.url) as raw, asyncio.timeout(20):
        while True:
            about = await raw.execute_command("CLUSTER INFO")
            if (about["cluster_state"], about["cluster_known_nodes"]) == ("ok", "3"):
                return
            await asyncio.sleep(0.05)


class Sentinel(RedisServer):
    """One that knows the master called "main", and the replicas that it has by now."""

    ready = "+monitor master main"

    def __init__(self, folder: Path, master: RedisServer) -> None:
        super().__init__(folder)
        self._config = folder / "sentinel.conf"
        self._config.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor main 127.0.0.1 {master.port} 1\n"
            "sentinel down-after-milliseconds main 200\nsentinel failover-timeout main 1000\n",
            encoding="utf-8",
        )

    def _arguments(self) -> list[str]:
        return [str(self._config), "--sentinel"]


@asynccontextmanager
async def watched(
    folder: Path,
) -> AsyncGenerator[tuple[RedisServer, RedisServer, Sentinel], None]:
    """A master, its replica, and a sentinel that knows both."""
    with ExitStack() as stack:
        for name in "abc":
            (folder / name).mkdir()
        master = stack.enter_context(RedisServer(folder / "a"))
        follow = ("--replicaof", "127.0.0.1", str(master.port), "--repl-diskless-sync-delay", "0")
        replica = stack.enter_context(RedisServer(folder / "b", follow))
        sentinel = stack.enter_context(Sentinel(folder / "c", master))
        await _known(sentinel)
        yield master, replica, sentinel


async def _known(sentinel: Sentinel) -> None:
    """Wait until it has heard of the replica, from the master and from itself."""
    async with Redis.from_url(f"redis://127.0.0.1:{sentinel.port}") as raw, asyncio.timeout(30):
        while True:
            replicas = await raw.sentinel_slaves("main")
            if replicas and replicas[0]["runid"]:
                return
            await asyncio.sleep(0.05)
