import json

import pytest
from anthropic.types import ModelInfo

from llm_proxy.pipeline.dialects.anthropic_messages.models import (
    read_models,
    write_model,
    write_models,
)
from llm_proxy.pipeline.dialects.dialect import ModelEntry
from llm_proxy.pipeline.errors import UpstreamBroken

ENTRIES = [ModelEntry("a:m", "a"), ModelEntry("b:n", "b")]


def test_a_list_is_one_page() -> None:
    page = json.loads(write_models(ENTRIES))
    assert (False, "a:m", "b:n") == (page["has_more"], page["first_id"], page["last_id"])
    models = [ModelInfo.model_validate(model) for model in page["data"]]
    assert ["a:m", "b:n"] == [model.id for model in models]
    assert 0 == models[0].created_at.timestamp()


def test_an_empty_list() -> None:
    page = json.loads(write_models([]))
    assert ([], None, None) == (page["data"], page["first_id"], page["last_id"])


def test_one_model() -> None:
    assert ("model", "a:m", "a:m") == tuple(
        json.loads(write_model(ENTRIES[0]))[name] for name in ("type", "id", "display_name")
    )


def test_the_names_in_a_vendors_list() -> None:
    assert ["m"] == read_models(b'{"data":[{"id":"m"},{"id":""},{},1]}')
    assert ["a:m", "b:n"] == read_models(write_models(ENTRIES))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"<html>"])
def test_garbage(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        read_models(body)
