"""One thing that a request may hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from llm_proxy.pipeline.request import ChatRequest
from tests.matrix.bodies import Json


@dataclass(frozen=True, slots=True)
class Feature:
    """`bodies` holds the request of every dialect that has the feature; `arrived` looks at what the
    vendor reads."""

    name: str
    bodies: Mapping[str, Json]
    arrived: Callable[[ChatRequest], bool]
