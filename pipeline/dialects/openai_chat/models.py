"""The list of models as `GET /v1/models` gives it."""

from collections.abc import Sequence
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.dialect import ModelEntry
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.json_values import is_object, objects_in


def read_models(body: bytes) -> list[str]:
    """The ids of a vendor's list."""
    try:
        parsed: Any = orjson.loads(body)
    except ValueError:
        raise UpstreamBroken("the backend's list of models is not valid JSON") from None
    if not is_object(parsed) or "data" not in parsed:
        raise UpstreamBroken("the backend's list of models has no data")
    return [str(model["id"]) for model in objects_in(parsed["data"]) if model.get("id")]


def write_models(models: Sequence[ModelEntry]) -> bytes:
    """The whole list."""
    return orjson.dumps({"object": "list", "data": [_entry(model) for model in models]})


def write_model(model: ModelEntry) -> bytes:
    """One model, as `GET /v1/models/{id}` gives it."""
    return orjson.dumps(_entry(model))


def _entry(model: ModelEntry) -> dict[str, object]:
    """`created` is unknown and 0, for the SDK requires the field."""
    return {"id": model.id, "object": "model", "created": 0, "owned_by": model.owner}
