"""The command line: `llm-proxy serve`, `check`, `verify` and `keys`."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from llm_proxy.keys import add_acts, run_keys
from llm_proxy.lab.report import legend, report
from llm_proxy.load import DEFAULT_FILE, new_store, read_plan, rehearse
from llm_proxy.pipeline.errors import CannotStart, ConfigError
from llm_proxy.pipeline.plan import Plan
from llm_proxy.web.edge import Edge
from llm_proxy.web.log import set_up_logging
from llm_proxy.web.serve import serve
from llm_proxy.web.workers import REFUSED, Supervisor

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 2 for a bad configuration or argument, 1 for one that
    `verify` finds wrong, or where something is missing that has to be there."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "check":
            return _check(_file(options.config))
        if options.command == "verify":
            return _verify(_file(options.config))
        if options.command == "keys":
            return run_keys(options, read_plan(_file(options.config)))
        return _serve(options)
    except (ConfigError, CannotStart) as error:
        return _refused(error)


def _refused(error: ConfigError | CannotStart) -> int:
    print(error, file=sys.stderr)  # noqa: T201
    _log.debug("the configuration is refused", exc_info=error)
    return REFUSED if isinstance(error, ConfigError) else 1


def _parser() -> argparse.ArgumentParser:
    configured = argparse.ArgumentParser(add_help=False)
    configured.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="default: pipelines.toml here, or else the one that comes with the package",
    )
    parser = argparse.ArgumentParser(prog="llm-proxy", description="An interactive LLM proxy.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "check", parents=[configured], help="validate a configuration and print its chains"
    )
    serving = commands.add_parser(
        "serve", parents=[configured], help="serve a configuration over HTTP"
    )
    commands.add_parser(
        "verify",
        parents=[configured],
        help="play every fault of a vendor to a configuration and print what clients see",
        epilog=legend(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    keys = commands.add_parser("keys", help="make, list, rotate and revoke the keys of tenants")
    add_acts(keys, configured)
    serving.add_argument("--host", help="address to listen on, over the file's")
    serving.add_argument("--port", type=_port, help="port to listen on, over the file's")
    serving.add_argument("--workers", type=_count, default=1, metavar="N", help="processes")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is no port: they go from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes")
    return int(text)


def _file(named: Path | None) -> Path:
    here = Path("pipelines.toml")
    return named or (here if here.exists() else DEFAULT_FILE)


def _check(path: Path) -> int:
    plan = read_plan(path)
    asyncio.run(rehearse(plan))
    for pipeline in plan.pipelines:
        for served in pipeline.serves:
            print(f"{served}  {pipeline.name}: {pipeline}")  # noqa: T201
    for note in plan.notes:
        print(f"note: {note}")  # noqa: T201
    return 0


def _verify(path: Path) -> int:
    plan = read_plan(path)
    set_up_logging(plan.config.logging.model_copy(update={"level": "ERROR"}))
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            right = runner.run(report(plan, lambda line: print(line, flush=True)))  # noqa: T201
    except KeyboardInterrupt:
        return 130
    return 0 if right else 1


def _serve(options: argparse.Namespace) -> int:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    path = _file(options.config)
    edge = Edge(path)
    set_up_logging(edge.plan.config.logging)
    host, port = _address(edge.plan, options)
    if options.workers == 1:
        return _work(edge, host, port)
    if port == 0:
        raise ConfigError(["several workers share one port: it cannot be 0"])
    if edge.plan.config.state.address:
        asyncio.run(_look_at_state(edge.plan))  # here, for no worker can tell why it dies so soon
    else:
        _log.warning("sessions and limits are kept by each worker for itself")
    return Supervisor(options.workers, _worker, path, host, port).run()


async def _look_at_state(plan: Plan) -> None:
    async with new_store(plan.config.state):
        pass


def _address(plan: Plan, options: argparse.Namespace) -> tuple[str, int]:
    """The command line's, else the environment's, else the file's."""
    server = plan.config.server
    host, port = options.host or os.environ.get("HOST"), options.port
    if port is None and (given := os.environ.get("PORT")):
        try:
            port = _port(given)
        except argparse.ArgumentTypeError as error:
            raise ConfigError([f"PORT: {error}"]) from error
    return host or server.host, server.port if port is None else port


def _worker(path: Path, host: str, port: int) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        edge = Edge(path)
    except ConfigError as error:  # it was right when the supervisor read it
        sys.exit(_refused(error))
    set_up_logging(edge.plan.config.logging)
    sys.exit(_work(edge, host, port, shared_port=True))


def _work(edge: Edge, host: str, port: int, *, shared_port: bool = False) -> int:
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(edge, host, port, shared_port=shared_port))
    except (ConfigError, CannotStart) as error:
        return _refused(error)
    except OSError as error:
        print(f"cannot listen on {host}:{port}: {error.strerror or error}", file=sys.stderr)  # noqa: T201
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    return 0


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """Uvloop where it is installed: 5 to 15 % less CPU a request."""
    try:
        from uvloop import Loop  # noqa: PLC0415 - optional
    except ImportError:
        return None
    return Loop


if __name__ == "__main__":
    sys.exit(main())
