"""Running the edge as a server of its own: a socket, signals, an orderly end."""

import asyncio
import gc
import logging
import multiprocessing
import os
import signal

from aiohttp import web

from llm_proxy.web.edge import Edge

_BACKLOG = 1024

_COLLECT_AFTER = 10_000
"""Objects made and kept before the collector looks; Python's own default is 700."""

_log = logging.getLogger(__name__)


async def serve(edge: Edge, host: str, port: int, *, shared_port: bool = False) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight; a second SIGINT ends it now.

    Raises `OSError` if the address cannot be had. `shared_port` lets other processes listen there.
    """
    config = edge.plan.config.server
    runner = web.AppRunner(
        edge.application(),
        access_log=None,
        handler_cancellation=True,
        # aiohttp waits twice so long: for handlers to end, and again once it has told them to.
        shutdown_timeout=config.shutdown_timeout / 2,
    )
    stop = asyncio.Event()
    _listen_to_the_end(stop)
    await runner.setup()
    _listen_to_reloads(edge)
    _end_with_the_supervisor(stop)
    try:
        site = web.TCPSite(
            runner,
            host,
            port,
            ssl_context=config.tls(),
            backlog=_BACKLOG,
            reuse_port=shared_port or None,
        )
        await site.start()
        _tell(edge, runner, "https" if config.tls_certificate else "http")
        _spare_the_collector()
        await stop.wait()
        _log.info("stopping: requests in flight may finish")
    finally:
        await runner.cleanup()
    _log.info("stopped")


def _listen_to_the_end(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()

    def interrupt() -> None:
        if stop.is_set() and main:
            main.cancel("a second interrupt")
        stop.set()

    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, interrupt)


def _listen_to_reloads(edge: Edge) -> None:
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[bool]] = set()

    def reload() -> None:
        task = loop.create_task(edge.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)


def _end_with_the_supervisor(stop: asyncio.Event) -> None:
    """A worker whose supervisor was killed would serve on for ever."""
    if supervisor := multiprocessing.parent_process():
        asyncio.get_running_loop().add_reader(supervisor.sentinel, stop.set)


def _tell(edge: Edge, runner: web.AppRunner, scheme: str) -> None:
    for note in edge.plan.notes:
        _log.info(note)
    addresses = [f"{scheme}://{_host(str(at[0]))}:{at[1]}" for at in runner.addresses]
    chains = {plan.name: str(plan) for plan in edge.plan.pipelines}
    _log.info("listening on %s", " ".join(addresses), extra={"pid": os.getpid(), "chains": chains})


def _spare_the_collector() -> None:
    """Let the garbage collector pass over what start-up made, and look less often: requests leave
    few cycles, and each look costs more than all it finds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
