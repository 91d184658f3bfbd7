from llm_proxy.pipeline.dialects.openai_responses.namespaces import (
    Namespaces,
    full_name,
    name_inside,
)
from llm_proxy.pipeline.request import Tool


def test_names_in_and_out_of_a_group() -> None:
    assert "ns__f" == full_name("ns", "f")
    assert "f" == full_name(None, "f")
    assert "f" == full_name("", "f")
    assert "a__b" == name_inside("ns", "ns__a__b")


def test_only_grouped_tools_are_called_in_a_group() -> None:
    groups = Namespaces([Tool("ns__f", namespace="ns"), Tool("x__y")])
    assert {"name": "f", "namespace": "ns"} == groups.fields("ns__f")
    assert {"name": "x__y"} == groups.fields("x__y")
