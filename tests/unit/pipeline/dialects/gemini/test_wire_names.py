from typing import Any

from llm_proxy.pipeline.dialects.gemini.wire_names import camel, get, in_camel, put, snake, spelling


def test_both_spellings_of_a_name() -> None:
    for one, other in (("topP", "top_p"), ("parametersJsonSchema", "parameters_json_schema")):
        assert other == snake(one)
        assert one == camel(other)
    assert "text" == snake("text") == camel("text")
    assert "_x" == snake("_x")


def test_a_field_is_found_in_either() -> None:
    assert 1 == get({"topP": 1, "top_p": 2}, "topP")
    assert 2 == get({"topP": None, "top_p": 2}, "topP")
    assert "top_p" == spelling({"top_p": None}, "topP")
    assert "topP" == spelling({}, "topP")
    assert {"topP": 1, "a": 0} == in_camel({"top_p": 2, "topP": 1, "a": 0, "b": None})


def test_a_field_is_put_where_it_was() -> None:
    fields: dict[str, Any] = {"top_p": 1, "b": 2}
    put(fields, "topP", 3)
    assert {"top_p": 3, "b": 2} == fields
    put(fields, "topP", None)
    assert {"b": 2} == fields
    both = {"top_p": 1, "topP": 2}
    put(both, "topP", 3)
    assert {"topP": 3} == both
