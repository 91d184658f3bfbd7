"""What a backend is."""

from unittest.mock import Mock

import pytest
from pydantic import ValidationError

from llm_proxy.pipeline.backend import Backend, BackendKit, BackendOptions
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply


class Nothing(Backend[BackendOptions]):
    async def send(self, exchange: Exchange, model: str) -> Reply:
        raise NotImplementedError

    async def models(self) -> list[str]:
        return []


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ValidationError) as raised:
        BackendOptions.model_validate({"x": 1})
    assert [("extra_forbidden", ("x",))] == [(e["type"], e["loc"]) for e in raised.value.errors()]


def test_a_backend_is_on_unless_its_options_say_why_not() -> None:
    assert BackendOptions().why_off() is None


async def test_a_backend_opens_as_itself_and_hides_no_error() -> None:
    options, kit = BackendOptions(), Mock(spec=BackendKit)
    backend = Nothing("name", options, kit)
    assert ("name", options, kit) == (backend.name, backend.options, backend.kit)
    async with backend as opened:
        assert backend is opened
    with pytest.raises(KeyError):
        async with backend:
            raise KeyError
