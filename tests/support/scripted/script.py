"""A vendor's answer in both of its forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Script:
    """One answer, whole and streamed."""

    whole: Mapping[str, Any]
    frames: Sequence[bytes]


def data(value: Any) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


JSON_TEXT = '{"city": "Rome"}'


def named(value: Mapping[str, Any]) -> bytes:
    return b"event: " + str(value["type"]).encode() + b"\n" + data(value)
