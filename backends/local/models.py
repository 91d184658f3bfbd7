"""The models of the local backend and what each of them plays."""

import re
from dataclasses import dataclass
from typing import Literal

import orjson

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import ProxyError

_LOOP = "I have told you this before and I will tell you again. "

_ERROR = re.compile(r"error-([45]\d\d)")

_RETRY_LATER = frozenset({429, 503, 529})


@dataclass(frozen=True, slots=True)
class Play:
    """How a model answers.

    `text` is said in place of the user's words, `rounds` times. `words` is where the answer ends,
    in the way that `ends` says.
    """

    text: str | None = None
    rounds: int = 1
    slow: bool = False
    thinks: Literal["no", "aloud", "in tags"] = "no"
    words: int | None = None
    ends: Literal["well", "breaks", "stalls"] = "well"


MODELS: dict[str, Play] = {
    "echo": Play(),
    "slow": Play(slow=True),
    "think": Play(thinks="aloud"),
    "think-tags": Play(thinks="in tags"),
    "loop": Play(text=_LOOP, rounds=500),
    "cut": Play(words=3, ends="breaks"),
    "stall": Play(words=3, ends="stalls"),
    "hang": Play(words=0, ends="stalls"),
    "error-503": Play(),
}
"""Every model by its name."""


def error_of_model(model: str) -> ProxyError | None:
    """The error a model `error-…` stands for: what a vendor's answer of that status would give."""
    match = _ERROR.fullmatch(model)
    if match is None:
        return None
    status = int(match[1])
    body = orjson.dumps({"error": {"message": f"the local backend plays a status {status}"}})
    headers = {"retry-after": "1"} if status in _RETRY_LATER else {}
    return DIALECTS["openai_chat"].read_error(status, headers, body)
