"""What it costs to translate a stream, against relaying the same one to a client of its dialect."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from bench.load import Case, measure, warm_up
from bench.processes import Process
from bench.vendor import CHUNKS

_HI = {"role": "user", "content": "Tell me."}
_USAGE = {"stream_options": {"include_usage": True}}

_MODELS = {"openai": "gpt-x", "anthropic": "claude-x"}
_OWN = {"openai": "chat", "anthropic": "messages"}
"""Vendor → the client to whom its streams are relayed."""


def _asking(client: str, model: str) -> tuple[str, bytes]:
    """The path and the body of a client's request for a stream."""
    match client:
        case "chat":
            body = {"model": model, "messages": [_HI], "stream": True, **_USAGE}
            return "/v1/chat/completions", orjson.dumps(body)
        case "responses":
            return "/v1/responses", orjson.dumps({"model": model, "input": [_HI], "stream": True})
        case "messages":
            body = {"model": model, "max_tokens": 9000, "messages": [_HI], "stream": True}
            return "/v1/messages", orjson.dumps(body)
        case _:
            contents = [{"role": "user", "parts": [{"text": "Tell me."}]}]
            path = f"/v1beta/models/{model}:streamGenerateContent?alt=sse"
            return path, orjson.dumps({"contents": contents})


@dataclass(frozen=True)
class Pace:
    """How the vendor sends: all at once or bit by bit, which a model's name asks of it."""

    name: str
    ending: str
    requests: int
    connections: int
    goal: float


PACES = (
    Pace("burst of 100 chunks", "", 1000, 32, 2.0),
    Pace("chunks 20 ms apart", "-paced", 120, 40, 1.3),
)


def _case(vendor: str, client: str, pace: Pace) -> Case:
    path, body = _asking(client, f"{vendor}:{_MODELS[vendor]}{pace.ending}")
    name = f"{pace.name}, {vendor} → {client}"
    return Case(name, body, pace.requests, pace.goal, path, pace.connections, CHUNKS)


def compare_translations(proxy: Process, rounds: int) -> None:
    """Print a table: CPU per chunk, relayed and translated."""
    print(f"\nCPU per chunk in µs, median of {rounds} rounds, against relaying\n")
    print(f"{'case':42} | translated | relayed | ratio |         range | goal")
    for pace in PACES:
        for vendor, own in _OWN.items():
            relay = _case(vendor, own, pace)
            for client in ("chat", "responses", "messages", "gemini"):
                if client != own:
                    _compare(proxy, _case(vendor, client, pace), relay, rounds)


def _compare(proxy: Process, translated: Case, relayed: Case, rounds: int) -> None:
    for case in (translated, relayed):
        warm_up(proxy, case)
    pairs = [(measure(proxy, translated)[0], measure(proxy, relayed)[0]) for _ in range(rounds)]
    ratios = [ours / its for ours, its in pairs]
    columns: Sequence[str] = [
        f"{translated.name:42}",
        f"{statistics.median(ours for ours, _ in pairs):10.1f}",
        f"{statistics.median(its for _, its in pairs):7.1f}",
        f"{statistics.median(ratios):5.2f}",
        f"{min(ratios):5.2f} to {max(ratios):.2f}",
        f"{translated.goal:4.1f}",
    ]
    print(" | ".join(columns), flush=True)
