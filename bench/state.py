"""What it costs to have limits, and all of the state, on a Redis and not in memory."""

import re
import statistics
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.load import Case, measure, warm_up
from bench.processes import ROOT, Process, free_port
from tests.support.redis_server import RedisServer

_SHORT = ["observe", "auth", "rate_limit", "dispatch"]
_HELD = """limits = [
  { of = "tokens", most = 1e12, window = "1d" },
  { of = "tokens", per = "all", most = 1e12, window = "1m" },
  { of = "in_flight", most = 1000 },
]"""
_CHAINS = {
    "limits alone": (_SHORT, ""),
    "and three that are held": (_SHORT, _HELD),
    "whole chain": (None, ""),
}
_STAGES = re.compile(r"^stages = \[.*?^\]", re.DOTALL | re.MULTILINE)


def compare_state(case: Case, environment: Mapping[str, str], rounds: int) -> None:
    """Print the CPU of one process for each request, with either kind of state."""
    print(f"\n{'state on Redis':23} |   memory |    redis |    more |   ratio |         range")
    with TemporaryDirectory() as folder, RedisServer(Path(folder)) as redis:
        for name, (stages, limits) in _CHAINS.items():
            path = _config(Path(folder), stages, limits)
            with (
                _proxy(path, {**environment, "REDIS_URL": "memory://"}) as memory,
                _proxy(path, {**environment, "REDIS_URL": redis.url}) as shared,
            ):
                _compare(name, case, memory, shared, rounds)


def _config(folder: Path, stages: list[str] | None, limits: str) -> Path:
    """The default file, with another chain if need be, and more limits."""
    text = (ROOT / "pipelines.toml").read_text(encoding="utf-8")
    text = text.replace("[stages.rate_limit]\n", f"[stages.rate_limit]\n{limits}\n", 1)
    path = folder / "pipelines.toml"
    path.write_text(_STAGES.sub(f"stages = {stages}", text, 1) if stages else text, "utf-8")
    return path


def _proxy(path: Path, environment: Mapping[str, str]) -> Process:
    port = free_port()
    serve = ["-m", "llm_proxy.server", "serve", "--config", str(path), "--port", str(port)]
    return Process(port, serve, environment)


def _compare(name: str, case: Case, memory: Process, shared: Process, rounds: int) -> None:
    for process in (memory, shared):
        warm_up(process, case)
    pairs = [(measure(memory, case)[0], measure(shared, case)[0]) for _ in range(rounds)]
    ratios = [redis / own for own, redis in pairs]
    columns = [
        f"{name:23}",
        f"{statistics.median(own for own, _ in pairs):8.0f}",
        f"{statistics.median(redis for _, redis in pairs):8.0f}",
        f"{statistics.median(redis - own for own, redis in pairs):7.0f}",
        f"{statistics.median(ratios):7.2f}",
        f"{min(ratios):5.2f} to {max(ratios):.2f}",
    ]
    print(" | ".join(columns), flush=True)
