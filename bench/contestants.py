"""Who is measured: our proxy, the yardstick and the vendor behind them."""

import re
from collections.abc import Mapping

from bench.processes import BUILD, KEY, ROOT, Process, free_port

LIMITED = {"RATE_LIMIT": "100000000"}
UNLIMITED = {"RATE_LIMIT": "none"}

_KEYS = {
    "DEFAULT_BACKEND": "openai",
    "OPENAI_API_KEY": "fake-key",
    "ANTHROPIC_API_KEY": "fake-key",
    "PROXY_API_KEYS": KEY,
    "LOG_LEVEL": "INFO",
    "REDIS_URL": "memory://",
}
_MOST = re.compile(r"^max_concurrent_requests = \d+", re.MULTILINE)


def vendor() -> Process:
    port = free_port()
    return Process(port, ["-m", "bench.serve", "vendor", str(port)])


def yardstick(behind: Process) -> Process:
    """The pass-through."""
    port = free_port()
    return Process(port, ["-m", "bench.serve", "pass_through", str(port), address(behind)])


def proxy(behind: Process, environment: Mapping[str, str] = LIMITED, workers: int = 1) -> Process:
    """The whole default chain, which may have a thousand streams at once."""
    port = free_port()
    serve = ["-m", "llm_proxy.server", "serve", "--config", str(_config()), "--port", str(port)]
    serve += ["--workers", str(workers)]
    return Process(port, serve, {**settings(address(behind)), **environment})


def settings(target: str) -> dict[str, str]:
    """The environment of a proxy before the vendor at that address."""
    urls = {"OPENAI_API_URL": f"{target}/v1", "ANTHROPIC_API_URL": target}
    return {**_KEYS, **LIMITED, **urls}


def address(process: Process) -> str:
    return f"http://127.0.0.1:{process.port}"


def _config() -> str:
    text = (ROOT / "pipelines.toml").read_text("utf-8")
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / "pipelines.toml"
    changed = _MOST.sub("max_concurrent_requests = 1000", text)
    if not path.exists() or path.read_text("utf-8") != changed:  # whoever runs would read it again
        path.write_text(changed, "utf-8")
    return str(path)
