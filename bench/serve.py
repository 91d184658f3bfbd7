"""Serves the vendor or the yardstick: `python -m bench.serve vendor|pass_through PORT [TARGET]`."""

import sys

import uvloop
from aiohttp import web

from bench import pass_through, vendor


def main() -> None:
    kind, port, *target = sys.argv[1:]
    app = vendor.application() if kind == "vendor" else pass_through.application(*target)
    web.run_app(
        app,
        host="127.0.0.1",
        port=int(port),
        access_log=None,
        print=None,
        loop=uvloop.new_event_loop(),
    )


if __name__ == "__main__":
    main()
