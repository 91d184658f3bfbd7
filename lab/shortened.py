"""Options with shorter time limits, whatever the options are."""

from typing import Any, TypeGuard, TypeVar, get_args

from pydantic import BaseModel

from llm_proxy.pipeline.json_values import is_object
from llm_proxy.pipeline.values import Seconds

ModelT = TypeVar("ModelT", bound=BaseModel)

_MARK = get_args(Seconds)[1]
"""What makes a number a duration: the validator that reads it."""


def shortened(options: ModelT, most: float, most_in_total: float) -> ModelT:
    """The same options with every duration at `most` seconds, and at `most_in_total` where its name
    begins with "total"; those that are shorter stay. Tables inside are read too."""

    def short(value: Any, limit: float | None) -> Any:
        if isinstance(value, BaseModel):
            return shortened(value, most, most_in_total)
        if is_object(value):
            return {key: short(item, limit) for key, item in value.items()}
        if _is_tuple(value):
            return tuple(short(item, limit) for item in value)
        if limit is not None and isinstance(value, float | int) and not isinstance(value, bool):
            return min(value, limit)
        return value

    changes: dict[str, Any] = {}
    for name, field in type(options).model_fields.items():
        is_duration = _MARK in field.metadata or _mentions(field.annotation)
        limit = most_in_total if name.startswith("total") else most
        changes[name] = short(getattr(options, name), limit if is_duration else None)
    return options.model_copy(update=changes)


def _mentions(annotation: object) -> bool:
    """Whether a duration stands somewhere in a type, as in `Seconds | None`."""
    return any(part == _MARK or _mentions(part) for part in get_args(annotation))


def _is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    return isinstance(value, tuple)
