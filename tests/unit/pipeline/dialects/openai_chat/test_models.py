import json

import pytest
from openai.types import Model

from llm_proxy.pipeline.dialects.dialect import ModelEntry
from llm_proxy.pipeline.dialects.openai_chat.models import read_models, write_model, write_models
from llm_proxy.pipeline.errors import UpstreamBroken

A, B = ModelEntry("local:a", "local"), ModelEntry("remote:org/b", "remote")
WIRE_A = {"id": "local:a", "object": "model", "created": 0, "owned_by": "local"}


def test_a_list_of_models() -> None:
    sent = json.loads(write_models([A, B]))
    assert {"object": "list", "data": [WIRE_A, json.loads(write_model(B))]} == sent


def test_no_models() -> None:
    assert {"object": "list", "data": []} == json.loads(write_models([]))


def test_one_model_is_what_the_sdk_takes() -> None:
    assert WIRE_A == json.loads(write_model(A))
    assert "remote:org/b" == Model.model_validate_json(write_model(B), strict=True).id


def test_a_written_list_reads_as_its_names() -> None:
    assert ["local:a", "remote:org/b"] == read_models(write_models([A, B]))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"data":[{"id":"a"},{"id":"b","x":1}]}', ["a", "b"]),
        (b'{"object":"list","data":[]}', []),
        (b'{"data":null}', []),
        (b'{"data":[{"id":""},{"id":null},{},"a",5,{"id":"b"}]}', ["b"]),
    ],
)
def test_the_names_in_a_vendors_list(body: bytes, expected: list[str]) -> None:
    assert expected == read_models(body)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"models":[]}'])
def test_what_is_no_list_is_broken(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        read_models(body)
