"""The models of the local backend and what each of them plays."""

import re
from collections.abc import Mapping
from typing import Literal

import orjson

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import Fault, ProxyError, UpstreamBroken
from llm_proxy.pipeline.events import FinishReason
from llm_proxy.pipeline.record import record

_LOOP = "I have told you this before and I will tell you again. "

_ERROR = re.compile(r"error-([45]\d\d)")

_RETRY_LATER = frozenset({429, 503, 529})


@record
class Play:
    """How a model answers.

    `text` is said in place of the user's words, `rounds` times. `words` is where the answer ends,
    in the way that `ends` says: well, with this `finish`.
    """

    text: str | None = None
    rounds: int = 1
    slow: bool = False
    thinks: Literal["no", "aloud", "in tags"] = "no"
    words: int | None = None
    ends: Literal["well", "breaks", "stalls"] = "well"
    finish: FinishReason = "stop"


_BROKEN = {
    "refused": Fault.CONNECTION,
    "reset": Fault.CONNECTION,
    "garbage": Fault.BROKEN_ANSWER,
}
"""What is no answer at all: no connection, none to the end, or no JSON."""

_TOLD = {
    "error-in-200": (502, "server_is_overloaded"),
    "quota": (429, "insufficient_quota"),
    "context-too-long": (400, "context_length_exceeded"),
}
"""What a vendor has a word for, and the status beside it: an error in place of an answer counts as
a 502."""

MODELS: dict[str, Play] = {
    "echo": Play(),
    "slow": Play(slow=True),
    "think": Play(thinks="aloud"),
    "think-tags": Play(thinks="in tags"),
    "loop": Play(text=_LOOP, rounds=500),
    "cut": Play(words=3, ends="breaks"),
    "stall": Play(words=3, ends="stalls"),
    "hang": Play(words=0, ends="stalls"),
    "cut-0": Play(words=0, ends="breaks"),
    "cut-1": Play(words=1, ends="breaks"),
    "stall-0": Play(words=0, ends="stalls"),
    "stall-1": Play(words=1, ends="stalls"),
    "empty": Play(rounds=0),
    "content-filter": Play(rounds=0, finish="content_filter"),
    "error-503": Play(),
    **dict.fromkeys([*_BROKEN, *_TOLD], Play()),
}
"""Every model by its name."""


def error_of_model(model: str) -> ProxyError | None:
    """The error a model `error-…`, or one that is no answer, stands for: what that of a vendor
    would give."""
    told = f"the local backend plays {model}"
    if model in _BROKEN:
        return UpstreamBroken(told, fault=_BROKEN[model])
    if model in _TOLD:
        status, code = _TOLD[model]
        return _as_a_vendors(status, {"message": told, "code": code})
    match = _ERROR.fullmatch(model)
    if match is None:
        return None
    status = int(match[1])
    return _as_a_vendors(status, {"message": f"the local backend plays a status {status}"})


def _as_a_vendors(status: int, error: Mapping[str, str]) -> ProxyError:
    headers = {"retry-after": "1"} if status in _RETRY_LATER and "code" not in error else {}
    return DIALECTS["openai_chat"].read_error(status, headers, orjson.dumps({"error": error}))
