"""Other proxies, each in an environment of its own under build/bench, where the newest version is
put the first time: `make bench WITH=litellm,portkey`."""

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson

from bench.contestants import address
from bench.processes import BUILD, Process, free_port

_LITELLM = BUILD / "litellm"
_PORTKEY = BUILD / "portkey"
_GATEWAY = "@portkey-ai/gateway"
_KEY = "sk-fake-client-key"


def litellm(vendor: Process) -> Process:
    """With a key to be told, as ours; without a database and without a look at the network."""
    if not (_LITELLM / "bin" / "litellm").exists():
        _run(sys.executable, "-m", "venv", str(_LITELLM))
        _run(str(_LITELLM / "bin" / "pip"), "install", "--quiet", "litellm[proxy]")
    port, config = free_port(), BUILD / "litellm.json"
    target = {"model": "openai/*", "api_base": f"{address(vendor)}/v1", "api_key": "fake-key"}
    settings = {
        "model_list": [{"model_name": "*", "litellm_params": target}],
        "general_settings": {"master_key": _KEY},
    }
    config.write_bytes(orjson.dumps(settings))  # JSON is YAML
    arguments = ["--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    headers = {"Authorization": f"Bearer {_KEY}"}
    return Process(port, arguments, environment, str(_LITELLM / "bin" / "litellm"), headers)


def portkey(vendor: Process) -> Process:
    """It keeps nothing: each request says where to go."""
    start = _PORTKEY / "node_modules" / _GATEWAY / "build" / "start-server.js"
    if not start.exists():
        _PORTKEY.mkdir(parents=True, exist_ok=True)
        _run(
            "npm",
            "install",
            "--silent",
            "--no-fund",
            "--no-audit",
            "--prefix",
            str(_PORTKEY),
            _GATEWAY,
        )
    port = free_port()
    headers = {
        "Authorization": "Bearer fake-key",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"{address(vendor)}/v1",
    }
    environment = {"TRUSTED_CUSTOM_HOSTS": "127.0.0.1", "NODE_ENV": "production"}
    return Process(port, [str(start), f"--port={port}", "--headless"], environment, "node", headers)


OTHERS: dict[str, Callable[[Process], Process]] = {"litellm": litellm, "portkey": portkey}


def asked(vendor: Process) -> dict[str, Process]:
    """Those that WITH names, installed, and with their versions in their names."""
    names = [name.strip() for name in os.environ.get("WITH", "").split(",") if name.strip()]
    if strange := [name for name in names if name not in OTHERS]:
        raise SystemExit(f"WITH={','.join(strange)}: only {', '.join(OTHERS)} can be measured")
    processes = {name: OTHERS[name](vendor) for name in names}
    return {f"{name} {_version(name)}": process for name, process in processes.items()}


def _version(name: str) -> str:
    if name == "portkey":
        package = _PORTKEY / "node_modules" / _GATEWAY / "package.json"
        return str(orjson.loads(package.read_bytes())["version"])
    folders = [str(path) for path in _LITELLM.glob("lib/python*/site-packages")]
    found = importlib.metadata.distributions(name=name, path=folders)
    return next(one.version for one in found)


def _run(*command: str) -> None:
    print(f"installing: {Path(command[0]).name} {' '.join(command[1:])}", file=sys.stderr)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
