"""What is asked. A case for the yardstick says the same to it where it understands too little to
translate: it gets what the vendor is to see."""

from dataclasses import dataclass, replace

import orjson

from bench.load import Case
from bench.vendor import CHUNKS

_CHAT = "/v1/chat/completions"
_MESSAGES = "/v1/messages"
_SHORT = "Tell me. "
_FILL = "lorem ipsum dolor sit amet "
_TURN = 5000
"""Characters of one turn of a long conversation."""


def chat(model: str = "gpt-x", *, stream: bool = False, size: int = 0) -> bytes:
    """A request in Chat Completions of about `size` bytes, as a conversation of many turns."""
    system = {"role": "system", "content": "You are a helpful assistant."}
    question = {"role": "user", "content": _SHORT + _filled(min(size, _TURN))}
    turns = [
        {"role": "assistant" if n % 2 else "user", "content": _filled(_TURN)}
        for n in range(size // _TURN // 2 * 2)
    ]
    return orjson.dumps({"model": model, "stream": stream, "messages": [system, *turns, question]})


def messages(model: str = "claude-x", *, stream: bool = False) -> bytes:
    """A short request in Messages."""
    hi = {"role": "user", "content": _SHORT}
    return orjson.dumps({"model": model, "max_tokens": 9000, "messages": [hi], "stream": stream})


def _filled(size: int) -> str:
    return (_FILL * (size // len(_FILL) + 1))[:size]


@dataclass(frozen=True)
class Match:
    """The same work for both: what our proxy is asked, and what the yardstick is. Other proxies are
    asked too where `others` is set: so large a share of the requests."""

    ours: Case
    its: Case
    others: float = 0.0


def _same(case: Case, others: float = 0.0) -> Match:
    return Match(case, case, others)


def _translated(name: str, requests: int, goal: float, *, stream: bool) -> Match:
    body = chat("anthropic:claude-x", stream=stream)
    ours = Case(name, body, requests, goal, _CHAT)
    return Match(ours, replace(ours, body=messages(stream=stream), path=_MESSAGES))


WHOLE = Case("whole answer", chat(), 2000, 1.5)
BURST = Case("100 chunks in a burst", chat(stream=True), 1000, 2.0)
BIG = Case("1.1 MB body", chat(size=1_100_000), 200, 2.0)

MATCHES = [
    _same(WHOLE, 0.25),
    _same(Case("1 KB body", chat(size=1_000), 1500, 1.5)),
    _same(Case("100 KB body", chat(size=100_000), 1000, 2.0)),
    _same(BIG, 0.3),
    _same(BURST, 0.05),
    _translated("whole answer, translated", 1000, 4.0, stream=False),
    _translated("100 chunks in a burst, translated", 500, 4.0, stream=True),
]
"""What comes as fast as it can."""

UNLIMITED = [_same(WHOLE), _same(BURST)]
"""Also asked without limits."""

PACE = 0.02
STREAMS = 100


def paced(streams: int = STREAMS, pace: float = PACE, *, translated: bool = False) -> Match:
    """So many streams at once, of 100 chunks so many seconds apart; the unit is a chunk."""
    ending = f"-paced-{pace * 1000:.0f}"
    model = f"anthropic:claude-x{ending}" if translated else f"gpt-x{ending}"
    name = "paced chunk, translated" if translated else "paced chunk"
    ours = Case(name, chat(model, stream=True), streams, 1.3, _CHAT, streams, CHUNKS)
    if not translated:
        return Match(ours, ours, 1.0)
    body = messages(f"claude-x{ending}", stream=True)
    return Match(ours, replace(ours, body=body, path=_MESSAGES))
