"""Settings and their legal values."""

import pytest

from llm_proxy.pipeline.params import PARAMS, overlaid, parse_param


@pytest.mark.parametrize(
    ("name", "value", "parsed"),
    [
        ("temperature", "0.7", 0.7),
        ("temperature", 0, 0.0),
        ("temperature", 2, 2.0),
        ("top_p", "1", 1.0),
        ("top_k", "1", 1),
        ("max_tokens", "4096", 4096),
        ("seed", "-3", -3),
        ("presence_penalty", -2, -2.0),
        ("frequency_penalty", "2", 2.0),
        ("reasoning_effort", "xhigh", "xhigh"),
    ],
)
def test_legal(name: str, value: object, parsed: object) -> None:
    found = parse_param(name, value)
    assert (parsed, type(parsed)) == (found, type(found))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("temperature", "2.1", "Input should be less than or equal to 2"),
        ("temperature", -0.1, "Input should be greater than or equal to 0"),
        ("temperature", "nan", "Input should be less than or equal to 2"),
        (
            "temperature",
            "hot",
            "Input should be a valid number, unable to parse string as a number",
        ),
        ("top_p", 1.01, "Input should be less than or equal to 1"),
        ("top_k", 0, "Input should be greater than or equal to 1"),
        ("max_tokens", "0", "Input should be greater than or equal to 1"),
        ("presence_penalty", 2.5, "Input should be less than or equal to 2"),
        ("frequency_penalty", -2.5, "Input should be greater than or equal to -2"),
        (
            "reasoning_effort",
            "most",
            "Input should be 'none', 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max'",
        ),
    ],
)
def test_illegal(name: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        parse_param(name, value)
    assert message == str(raised.value)


@pytest.mark.parametrize("name", list(PARAMS))
def test_no_setting_takes_a_list(name: str) -> None:
    with pytest.raises(ValueError, match="Input should be"):
        parse_param(name, [])


@pytest.mark.parametrize(
    ("params", "wanted", "expected"),
    [
        ({}, {}, {}),
        ({"seed": 1, "top_k": 2}, {"seed": 3}, {"seed": 3, "top_k": 2}),
        ({"reasoning_effort": "low"}, {"reasoning_budget": 9}, {"reasoning_budget": 9}),
        ({"reasoning_budget": 9}, {"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        ({"reasoning_budget": 9}, {"seed": 1}, {"reasoning_budget": 9, "seed": 1}),
    ],
)
def test_settings_go_over_others_and_how_much_to_think_is_one(
    params: dict[str, object], wanted: dict[str, object], expected: dict[str, object]
) -> None:
    before = dict(params)
    assert overlaid(params, wanted) == expected
    assert params == before
