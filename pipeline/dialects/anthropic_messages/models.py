"""The list of models as `GET /v1/models` gives it."""

from collections.abc import Sequence
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.dialect import ModelEntry
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.json_values import is_object, objects_in

_UNKNOWN_TIME = "1970-01-01T00:00:00Z"
"""When a model was made is not known here, and the SDK requires a time."""


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
    """The whole list, on one page."""
    return orjson.dumps(
        {
            "data": [_entry(model) for model in models],
            "has_more": False,
            "first_id": models[0].id if models else None,
            "last_id": models[-1].id if models else None,
        }
    )


def write_model(model: ModelEntry) -> bytes:
    """One model, as `GET /v1/models/{id}` gives it."""
    return orjson.dumps(_entry(model))


def _entry(model: ModelEntry) -> dict[str, object]:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": _UNKNOWN_TIME,
        "lifecycle": "active",
    }
