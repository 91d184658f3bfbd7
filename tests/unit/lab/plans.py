"""Plans to be verified, from the text of a file."""

from collections.abc import Callable
from pathlib import Path

from llm_proxy.load import read_plan
from llm_proxy.pipeline.plan import Plan

TWO = """
[pipelines.default]
serves = ["/v1/chat/completions", "/v1/messages"]
stages = ["observe", "auth", "rate_limit", "failover", "dispatch"]
[stages.rate_limit]
default_limit = 1
[stages.failover.routes.best]
attempts = [{ backend = "one", model = "gpt-5" }, { backend = "two", model = "claude-opus-5" }]
[backends]
default_backend = "one"
[backends.one]
type = "openai"
api_key = ""
[backends.two]
type = "anthropic"
api_key = ""
connect_timeout = "1s"
"""
"""Two vendors of different dialects, both without a key, behind a gate and a limit of one."""


def plan_of(toml: Callable[[str], Path], text: str = TWO) -> Plan:
    """The plan of a file, with no variables set."""
    return read_plan(toml(text), {})
