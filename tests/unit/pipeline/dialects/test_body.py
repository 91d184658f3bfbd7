import pytest

from llm_proxy.pipeline.dialects.body import json_bytes
from llm_proxy.pipeline.errors import BadRequest


def test_json_is_written() -> None:
    assert json_bytes({"a": [1, "é"]}) == '{"a":[1,"é"]}'.encode()


def test_what_is_no_json_is_the_requests_fault() -> None:
    with pytest.raises(BadRequest, match="cannot be written"):
        json_bytes({"a": {1, 2}})
