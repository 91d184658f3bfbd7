import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.gemini.json_stream import JsonSplitter
from llm_proxy.pipeline.errors import UpstreamBroken
from tests.unit.pipeline.dialects.cuts import cut, marks
from tests.unit.pipeline.dialects.openai_chat import json_values

objects = st.lists(st.dictionaries(json_values.texts, json_values.values, max_size=3), max_size=4)


@given(objects, marks, st.sampled_from([None, 1]), st.booleans())
def test_objects_are_found_however_cut(
    values: list[object],
    at: list[int],
    indent: int | None,
    is_list: bool,  # noqa: FBT001 - a case
) -> None:
    texts = [json.dumps(value, indent=indent) for value in values]
    body = "[" + "\n,\r\n".join(texts) + "\n]" if is_list else "\n".join(texts)
    splitter = JsonSplitter()
    found = [one for piece in cut(body.encode(), at) for one in splitter.feed(piece)]
    assert values == [json.loads(one) for one in found]
    assert not any(b"\n" in one or b"\r" in one for one in found)
    assert b"" == splitter.close()


def test_an_object_that_did_not_end_is_left() -> None:
    splitter = JsonSplitter()
    assert [] == splitter.feed(b'[{"a":"}')
    assert b'{"a":"}' == splitter.close()


@pytest.mark.parametrize("body", [b"7", b"[7]", b'["a"]', b"{} x"])
def test_anything_else_is_broken(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        JsonSplitter().feed(body)


def test_too_large_an_object_is_broken() -> None:
    splitter = JsonSplitter(limit=10)
    assert [b"{}", b"{}"] == splitter.feed(b"{}       {}")
    with pytest.raises(UpstreamBroken):
        splitter.feed(b'{"a":"xxxxxxxx')
