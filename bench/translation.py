"""What it costs to translate a stream, against relaying the same one to a client of its dialect."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from bench.effort import Effort
from bench.load import Case, measure
from bench.processes import Process
from bench.table import Table
from bench.vendor import CHUNKS

_HI = {"role": "user", "content": "Tell me."}
_USAGE = {"stream_options": {"include_usage": True}}

_MODELS = {"openai": "gpt-x", "anthropic": "claude-x"}
_OWN = {"openai": "chat", "anthropic": "messages"}
"""Vendor → the client to whom its streams are relayed."""

_CLIENTS = ("chat", "responses", "messages", "gemini")
_MOST_ROUNDS = 3
_WARM_UP = 0.2


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
    Pace("burst of 100 chunks", "", 300, 32, 2.0),
    Pace("chunks 20 ms apart", "-paced-20", 40, 40, 1.3),
)


def _case(vendor: str, client: str, pace: Pace) -> Case:
    path, body = _asking(client, f"{vendor}:{_MODELS[vendor]}{pace.ending}")
    name = f"{pace.name}, {vendor} → {client}"
    return Case(name, body, pace.requests, pace.goal, path, pace.connections, CHUNKS)


def compare_translations(effort: Effort, proxy: Process) -> Table:
    """CPU per chunk for every client of another dialect than the vendor's."""
    table = Table(
        "Translating against relaying",
        f"Microseconds of CPU per chunk, median of up to {_MOST_ROUNDS} rounds.",
        ["case", "goal ≤", "ratio", "least to most", "translated", "relayed"],
    )
    for pace in PACES:
        for vendor, own in _OWN.items():
            clients = [own, *(client for client in _CLIENTS if client != own)]
            _compare(table, effort, proxy, [_case(vendor, client, pace) for client in clients])
    return table


def _compare(table: Table, effort: Effort, proxy: Process, cases: Sequence[Case]) -> None:
    """The first case is the one that is relayed."""
    rounds = [
        [measure(proxy, effort.of(case, 1.0 if number else _WARM_UP))[0] for case in cases]
        for number in effort.turns(_MOST_ROUNDS)
    ][1:]
    for number, case in enumerate(cases[1:], 1):
        ratios = [costs[number] / costs[0] for costs in rounds]
        table.add(
            case.name,
            f"{case.goal:g}",
            f"{statistics.median(ratios):.2f}",
            f"{min(ratios):.2f} to {max(ratios):.2f}",
            f"{statistics.median(costs[number] for costs in rounds):.1f}",
            f"{statistics.median(costs[0] for costs in rounds):.1f}",
        )
