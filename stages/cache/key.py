"""Under which name an answer is kept."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Literal

import orjson

from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.stage import Kit
from llm_proxy.stages.cache.entry import VERSION
from llm_proxy.stages.cache.meaning import meaning_of

Per = Literal["key", "tenant"]
"""Who gets each other's answers: whoever uses one key, or all of a tenant."""

_BETA = "-beta"
"""What headers end with in which clients ask vendors for what is new."""


def key_of(exchange: Exchange, kit: Kit, per: Per) -> str | None:
    """`cache:TENANT:DIGEST`, the same for those alone who may get one answer; None for a request
    that cannot be written down.

    It also holds what the model's name stands for, in the file and in the session: else an answer
    would outlive the model that gave it.
    """
    caller = exchange.caller
    tenant = caller.tenant if caller else ""
    whole = [
        VERSION,
        tenant,
        caller.id if caller and per == "key" else None,
        meaning_of(exchange.request),
        [str(exchange.target), *_targets(exchange, kit)],
        dict(_betas(exchange.client.headers)),
    ]
    try:
        written = orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # what JSON cannot say, or too deep
        return None
    return f"cache:{tenant}:{blake2b(written, digest_size=20).hexdigest()}"


def _betas(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if name.lower().endswith(_BETA):
            yield name.lower(), value


def _targets(exchange: Exchange, kit: Kit) -> Iterator[Any]:
    name, edits = exchange.request.model, exchange.session_state.routes
    for one in dict.fromkeys((name, *map(str.strip, name.split("|")))):
        yield [str(target) for target in kit.named_models.get(one, ())]
        yield edits.get(one)
    yield str(kit.target_of(name))
