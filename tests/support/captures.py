"""Requests as real coding agents send them: the first, and the one that brings a tool's result.

Their shape is the agents' own; texts are cut down to filler, and keys are taken out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

FOLDER = Path(__file__).parents[1] / "captures"


@dataclass(frozen=True, slots=True)
class Capture:
    """One request. `dialect` is the agent's."""

    name: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    @property
    def dialect(self) -> str:
        agent = self.name.rsplit("-", 1)[0]
        return next(dialect for start, dialect in _DIALECTS.items() if agent.startswith(start))

    @property
    def raw(self) -> bytes:
        return orjson.dumps(self.body)

    def __str__(self) -> str:
        return self.name


_DIALECTS = {
    "claude-code": "anthropic_messages",
    "codex": "openai_responses",
    "gemini-cli": "gemini",
    "opencode": "openai_chat",
}


def _read(path: Path) -> Capture:
    fields = orjson.loads(path.read_bytes())
    where = (fields["path"], fields["query"], fields["headers"])
    return Capture(path.stem, *where, fields["body"])


CAPTURES = [_read(path) for path in sorted(FOLDER.glob("*.json"))]
