import pytest

from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.openai_responses.write_params import (
    changed_params,
    written_format,
)
from llm_proxy.pipeline.dialects.structured import Format
from llm_proxy.pipeline.traits import Traits
from tests.unit.pipeline.dialects.openai_responses.wire import FIELDS, request


def test_what_is_unchanged_is_the_very_same() -> None:
    asked = request(reasoning={"effort": "low"})
    assert asked.source is not None
    fields = changed_params({**asked.params}, asked.source, Traits(), Losses())
    assert all(fields[name] is value for name, value in asked.source.body.items())


def test_a_client_keeps_its_word_for_a_user() -> None:
    asked = request(user="a").with_param("user", "b")
    assert asked.source is not None
    fields = changed_params(asked.params, asked.source, Traits(), Losses())
    assert {**FIELDS, "user": "b"} == fields


@pytest.mark.parametrize("strict", [None, True, False])
def test_a_format_is_flat(strict: bool | None) -> None:  # noqa: FBT001 - a row
    written = written_format(Format({"a": 1}, "n", "d", strict))
    assert written.pop("strict", None) is strict
    assert {"type": "json_schema", "name": "n", "description": "d", "schema": {"a": 1}} == written
