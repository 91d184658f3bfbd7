"""The text of the file: variables and lines."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from llm_proxy.pipeline.config_file import ConfigFile, Place, dotted, read_config_file
from llm_proxy.pipeline.errors import ConfigError

Write = Callable[[str], Path]


# --- variables -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "environment", "value"),
    [
        ("${A}", {"A": "1"}, "1"),
        ("${A:-x}", {"A": "1"}, "1"),
        ("${A:-x}", {}, "x"),
        ("${A:-x}", {"A": ""}, "x"),
        ("${A:-}", {}, ""),
        ("${A}", {"A": ""}, ""),
        ("${A:-memory://}", {}, "memory://"),
        ("${A:-a:-b}", {}, "a:-b"),
        ("http://${H}:${P:-80}/${H}", {"H": "h"}, "http://h:80/h"),
        ("${A}", {"A": "${B}", "B": "no"}, "${B}"),
        ("$A {A} $", {"A": "1"}, "$A {A} $"),
    ],
)
def test_variables(text: str, environment: Mapping[str, str], value: str, toml: Write) -> None:
    file = read_config_file(toml(f'x = "{text}"'), environment)
    assert {"x": value} == file.tables
    assert [] == file.problems


def test_variables_are_filled_in_at_any_depth_and_only_in_strings(toml: Write) -> None:
    path = toml('[a.b]\nc = ["${V}", ["${V}", 1, true]]\n[[a.d]]\ne = { f = "${V}" }\n')
    expected = {"a": {"b": {"c": ["v", ["v", 1, True]]}, "d": [{"e": {"f": "v"}}]}}
    assert expected == read_config_file(path, {"V": "v"}).tables


def test_a_key_is_no_place_for_a_variable(toml: Write) -> None:
    assert {"${V}": 1} == read_config_file(toml('"${V}" = 1'), {"V": "v"}).tables


def test_each_missing_variable_is_a_problem_with_its_place(toml: Write) -> None:
    path = toml('[a]\nx = "${ONE}${TWO}"\n\n[b]\nlist = ["", "${ONE}"]\n')
    file = read_config_file(path, {})
    assert [
        "pipelines.toml:2: a.x: ${ONE} is not set; set it, or write ${ONE:-default}",
        "pipelines.toml:2: a.x: ${TWO} is not set; set it, or write ${TWO:-default}",
        "pipelines.toml:5: b.list[1]: ${ONE} is not set; set it, or write ${ONE:-default}",
    ] == file.problems
    assert {"a": {"x": ""}, "b": {"list": ["", ""]}} == file.tables
    with pytest.raises(ConfigError) as raised:
        file.raise_problems()
    assert file.problems == raised.value.problems


PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"]))
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Mapping[str, str]], Any]:
    path = tmp_path_factory.mktemp("toml") / "pipelines.toml"

    def value(text: str, environment: Mapping[str, str]) -> Any:
        path.write_text(f"x = {json.dumps(text, ensure_ascii=False)}\n", encoding="utf-8")
        return read_config_file(path, environment).tables["x"]

    return value


@settings(deadline=None, database=None)
@given(NAMES, PLAIN, PLAIN, PLAIN)
def test_a_value_is_filled_in_as_it_is(
    read: Callable[..., Any], name: str, value: str, before: str, after: str
) -> None:
    assume("$" not in before + after)
    expected = before + value + after
    assert expected == read(f"{before}${{{name}}}{after}", {name: value})


@settings(deadline=None, database=None)
@given(NAMES, PLAIN)
def test_a_default_is_taken_as_it_is(read: Callable[..., Any], name: str, default: str) -> None:
    assume("}" not in default)
    assert default == read(f"${{{name}:-{default}}}", {})


@settings(deadline=None, database=None)
@given(PLAIN)
def test_text_without_a_variable_stays(read: Callable[..., Any], text: str) -> None:
    assume("${" not in text)
    assert text == read(text, {})


# --- what cannot be read -------------------------------------------------------------------------


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.toml"
    with pytest.raises(ConfigError, match=f"^{re.escape(str(path))}: cannot be read: .*No such"):
        read_config_file(path, {})


def test_a_file_that_is_no_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "pipelines.toml"
    path.write_bytes(b"x = '\xff'")
    with pytest.raises(ConfigError, match=r"pipelines.toml: cannot be read: 'utf-8'"):
        read_config_file(path, {})


def test_invalid_toml_says_where(toml: Write) -> None:
    with pytest.raises(ConfigError) as raised:
        read_config_file(toml("[a]\nx = 1\ny = nope\n"), {})
    [problem] = raised.value.problems
    assert problem.startswith("pipelines.toml: not valid TOML: ")
    assert problem.endswith("(at line 3, column 5)")


# --- lines ---------------------------------------------------------------------------------------

FILE = """\
top = 1

[server]  # [not] a header
  port = 8000
"host" = "${HOST:-h}"

[pipelines.default]
stages = [
  "auth",  # x = 1
  "dispatch",
]
serves = []

[stages.failover.routes."gpt-4.1"]
attempts = [{ backend = "a" }]

[ stages . auth ]
nested.deep."a key" = 1
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("top",), 1),
        (("server",), 3),
        (("server", "port"), 4),
        (("server", "host"), 5),
        (("server", "unknown"), 3),
        (("pipelines", "default", "stages"), 8),
        (("pipelines", "default", "stages", 1), 8),
        (("pipelines", "default", "serves"), 12),
        (("stages", "failover", "routes", "gpt-4.1"), 14),
        (("stages", "failover", "routes", "gpt-4.1", "attempts", 0, "backend"), 15),
        (("stages", "auth"), 17),
        (("stages", "auth", "nested", "deep", "a key"), 18),
    ],
)
def test_a_problem_names_the_line_of_its_key_or_of_the_table_around_it(
    place: Place, line: int, toml: Write
) -> None:
    assert line == line_of(place, toml(FILE))


def line_of(place: Place, path: Path) -> int:
    file = read_config_file(path, {})
    file.report(place, "x")
    return int(file.problems[0].split(":")[1])


def test_a_row_of_a_nested_array_is_no_header(toml: Write) -> None:
    path = toml("[a]\nrows = [\n  [1, 2],\n  [3, 4]\n]\nx = 1\n[b]\ny = 1\n")
    assert (6, 8) == (line_of(("a", "x"), path), line_of(("b", "y"), path))


def test_each_table_of_an_array_has_its_own_lines(toml: Write) -> None:
    path = toml("[[rules]]\nx = 1\n[[rules]]\nx = 2\ny = 3\n")
    assert (2, 4) == (line_of(("rules", 0, "x"), path), line_of(("rules", 1, "x"), path))
    assert (1, 3) == (line_of(("rules", 0), path), line_of(("rules", 1), path))


def test_text_in_a_multi_line_string_is_no_key(toml: Write) -> None:
    path = toml('[a]\ntext = """\n[b]\nx = 1\n"""\nx = 2\n')
    assert 6 == line_of(("a", "x"), path)


def test_only_a_newline_makes_a_line(toml: Write) -> None:
    path = toml("# a\u2028b\u0085c\nx = 1\n")
    assert 2 == line_of(("x",), path)


# --- reporting -----------------------------------------------------------------------------------


def test_a_problem_without_a_line_or_a_place() -> None:
    file = ConfigFile("f.toml", {}, {("a",): 3})
    file.report((), "all wrong")
    file.report(("b", "c"), "wrong")
    file.report(("a", "c"), "wrong")
    assert ["f.toml: all wrong", "f.toml: b.c: wrong", "f.toml:3: a.c: wrong"] == file.problems


def test_the_same_problem_is_told_once() -> None:
    file = ConfigFile("f.toml", {}, {})
    file.report(("a",), "wrong")
    file.report(("a",), "wrong")
    file.report(("a",), "also wrong")
    assert ["f.toml: a: wrong", "f.toml: a: also wrong"] == file.problems


def test_a_file_without_problems_raises_nothing() -> None:
    ConfigFile("f.toml", {}, {}).raise_problems()


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ((), ""),
        (("stages", "auth", "api_keys"), "stages.auth.api_keys"),
        (("routes", "gpt-4", 0, "model"), "routes.gpt-4[0].model"),
        (("routes", "gpt-4.1", 0, 1), 'routes."gpt-4.1"[0][1]'),
        (("a:b",), '"a:b"'),
    ],
)
def test_a_place_is_written_as_in_toml(place: Place, text: str) -> None:
    assert text == dotted(place)


def test_a_default_cannot_hold_another_variable(toml: Write) -> None:
    file = read_config_file(toml('x = "${A:-${B:-c}}"'), {})
    assert [
        "pipelines.toml:1: x: the default of ${A} cannot hold another variable"
    ] == file.problems


@pytest.mark.parametrize("text", ["${A-B}", "a ${1}", "${", "${A} ${}"])
def test_what_looks_like_a_variable_and_is_none(text: str, toml: Write) -> None:
    file = read_config_file(toml(f'x = "{text}"'), {"A": "a"})
    [problem] = file.problems
    assert problem.startswith("pipelines.toml:1: x: this is no variable: ${")


def test_problems_come_in_the_order_of_the_file() -> None:
    file = ConfigFile("f.toml", {}, {("a",): 30, ("b",): 4})
    for place in ("a", "b", "c"):
        file.report((place,), "wrong")
    with pytest.raises(ConfigError) as raised:
        file.raise_problems()
    assert [
        "f.toml: c: wrong",
        "f.toml:4: b: wrong",
        "f.toml:30: a: wrong",
    ] == raised.value.problems
