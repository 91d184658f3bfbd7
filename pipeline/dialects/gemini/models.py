"""The list of models as `GET /v1beta/models` gives it."""

from collections.abc import Sequence
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.dialect import ModelEntry
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.json_values import is_object, objects_in

_MODELS = "models/"


def read_models(body: bytes) -> list[str]:
    """The names of a vendor's list, without the collection they are in."""
    try:
        parsed: Any = orjson.loads(body)
    except ValueError:
        raise UpstreamBroken("the backend's list of models is not valid JSON") from None
    if not is_object(parsed) or "models" not in parsed:
        raise UpstreamBroken("the backend's list of models has no models")
    names = [model.get("name") for model in objects_in(parsed["models"])]
    return [name.removeprefix(_MODELS) for name in names if isinstance(name, str) and name]


def write_models(models: Sequence[ModelEntry]) -> bytes:
    """The whole list."""
    return orjson.dumps({"models": [_entry(model) for model in models]})


def write_model(model: ModelEntry) -> bytes:
    """One model, as `GET /v1beta/models/{id}` gives it."""
    return orjson.dumps(_entry(model))


def _entry(model: ModelEntry) -> dict[str, object]:
    return {
        "name": _MODELS + model.id,
        "displayName": model.id,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }
