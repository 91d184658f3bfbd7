"""Fields of a client's request, read with errors that name the field at fault."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.json_values import is_list, is_object

_LONGEST_NAME = 512

Fields = Mapping[str, Any]


def parsed_body(body: bytes) -> Fields:
    """The body's fields."""
    try:
        parsed: Any = orjson.loads(body)
    except ValueError as error:
        raise BadRequest(f"the request's body is not valid JSON: {error}") from None
    if not is_object(parsed):
        raise BadRequest("the request's body must be an object")
    return parsed


def model_name(value: object) -> str:
    """The model that is asked for."""
    if not isinstance(value, str) or not value:
        raise BadRequest("model must be a non-empty string", param="model")
    if len(value) > _LONGEST_NAME:
        raise BadRequest(f"model is longer than {_LONGEST_NAME} characters", param="model")
    return value


def object_at(value: object, where: str) -> Fields:
    """The object at a place of the body."""
    if not is_object(value):
        raise BadRequest(f"{where} must be an object", param=where)
    return value


def list_at(value: object, where: str) -> list[Any]:
    """The list at a place of the body."""
    if not is_list(value):
        raise BadRequest(f"{where} must be a list", param=where)
    return value


def text_at(value: object, where: str) -> str:
    """The string at a place of the body."""
    if not isinstance(value, str):
        raise BadRequest(f"{where} must be a string", param=where)
    return value


def flag(fields: Fields, name: str) -> bool:
    """A field that is true, false or absent."""
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false", param=name)
    return bool(value)


def check_numbers(fields: Fields, numbers: Iterable[str], integers: Iterable[str]) -> None:
    """Refuses fields that are there and are no numbers, or no whole ones."""
    for name in numbers:
        if name in fields:
            _check(fields, name, (int, float), "a number")
    for name in integers:
        if name in fields:
            _check(fields, name, (int,), "a whole number")


def _check(fields: Fields, name: str, kind: tuple[type, ...], word: str) -> None:
    value = fields.get(name)
    if isinstance(value, float) and value.is_integer():
        return  # also what the parser makes of a number beyond 64 bits
    if value is not None and (isinstance(value, bool) or not isinstance(value, kind)):
        raise BadRequest(f"{name} must be {word}", param=name)
