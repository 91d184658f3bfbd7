"""What OpenAI's own SDK says of a request."""

from collections.abc import Iterable, Mapping
from typing import Any

from openai.types.chat.completion_create_params import CompletionCreateParams
from pydantic import TypeAdapter

_ADAPTER: TypeAdapter[Any] = TypeAdapter(CompletionCreateParams)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value


def known_to_the_sdk(body: Mapping[str, Any]) -> Any:
    """The body with the fields that the SDK's types know; raises for what they refuse."""
    return _plain(_ADAPTER.validate_python(body))
