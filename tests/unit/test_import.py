"""Importing has no effects and needs no network."""

import subprocess
import sys

IMPORT_ALL = """
import logging, socket, sys, threading, warnings
import aiohttp.web  # which adds a filter for a warning of its own

def refuse(*_):
    raise AssertionError("the network was asked for")

before = (list(sys.path), list(logging.root.handlers), logging.root.level, list(warnings.filters))
socket.socket.connect = socket.getaddrinfo = refuse
import llm_proxy.server, llm_proxy.web, llm_proxy.load
after = (list(sys.path), list(logging.root.handlers), logging.root.level, list(warnings.filters))
assert after == before, (before, after)
assert threading.active_count() == 1
"""


def test_importing_changes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
