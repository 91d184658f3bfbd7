"""What is wrong with a file: every problem at once, with its place and a mend."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.pipeline.planning import DEFAULT, plan, problems

Write = Callable[[str], Path]

BAD = """\
environment = "prod"
servr = 1

[server]
prot = 1
port = -1
host = "${NOT_SET}"

[pipelines.default]
serves = ["/v1/chat/completions", "/v1/nothing", "v1"]
stages = ["rate_limit", "auht", "dispatch"]

[pipelines.other]
serves = ["/v1/chat/completions"]
stages = [
  "rate_limit", "auth", "dispatch", "plain"
]

[stages.rate_limit]
default_limit = 0

[stages.burst]
use = "rate_limt"

[stages.route]
to = ["openai", "nowhere"]

[stages.auth]
kee = "k"

[stages.extra]

[backends]
default_backend = "opnai"
defalt_backend = 1

[backends.vllm]
type = "opnai"

[backends.openai]
api_kye = "k"
"""

SAID = """\
pipelines.toml:7: server.host: ${NOT_SET} is not set; set it, or write ${NOT_SET:-default}
pipelines.toml:1: environment: Input should be 'development' or 'production'
pipelines.toml:6: server.port: Input should be greater than or equal to 0
pipelines.toml:5: server.prot: unknown key; did you mean "port"?
pipelines.toml:2: servr: unknown key; did you mean "server"?
pipelines.toml:35: backends.defalt_backend: unknown key; did you mean "default_backend"?
pipelines.toml:38: backends.vllm.type: no backend named "opnai"; did you mean "openai"?
pipelines.toml:41: backends.openai.api_kye: unknown key; did you mean "api_key"?
pipelines.toml:34: backends.default_backend: no backend named "opnai"; did you mean "openai"?
pipelines.toml:20: stages.rate_limit.default_limit: Input should be greater than or equal to 1
pipelines.toml:23: stages.burst.use: no stage named "rate_limt"; did you mean "rate_limit"?
pipelines.toml:26: stages.route.to[1]: no backend named "nowhere"
pipelines.toml:29: stages.auth.kee: unknown key; did you mean "key"?
pipelines.toml:31: stages.extra: no stage named "extra"
pipelines.toml:11: pipelines.default.stages[1]: no stage named "auht"; did you mean "auth"?
pipelines.toml:10: pipelines.default.serves[1]: no dialect is spoken at "/v1/nothing": \
a path ends in one of /chat/completions, /responses, /messages, /v1beta
pipelines.toml:10: pipelines.default.serves[2]: "v1" is not a path: it must begin with "/"
pipelines.toml:14: pipelines.other.serves[0]: "/v1/chat/completions" is served by "default" already
pipelines.toml:15: pipelines.other.stages[2]: "dispatch" ends the chain: move it to the end
"""


def test_every_kind_of_problem_is_told_at_once(toml: Write) -> None:
    assert sorted(SAID.splitlines()) == sorted(problems(toml(BAD)))


ORDER = '[pipelines.default]\nstages = [{}]\n[stages.burst]\nuse = "rate_limit"\n'


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        (
            '"burst", "auth", "dispatch"',
            [(0, '"burst" needs what "auth" provides: put it after "auth"')],
        ),
        ('"dispatch", "plain"', [(0, '"dispatch" ends the chain: move it to the end')]),
        ('"auth", "plain"', [(1, 'nothing sends the request on: end with "dispatch"')]),
        (
            '"burst", "dispatch", "auth"',
            [
                (0, '"burst" needs what "auth" provides: put it after "auth"'),
                (1, '"dispatch" ends the chain: move it to the end'),
            ],
        ),
    ],
)
def test_a_wrong_order(stages: str, said: list[tuple[int, str]], toml: Write) -> None:
    expected = [f"pipelines.toml:2: pipelines.default.stages[{n}]: {text}" for n, text in said]
    assert expected == problems(toml(ORDER.format(stages)))


def test_a_path_named_twice_in_one_pipeline(toml: Write) -> None:
    path = toml(f'{DEFAULT}serves = ["/v1/chat/completions", "/v1/chat/completions"]\n')
    assert [
        (
            'pipelines.toml:3: pipelines.default.serves[1]: "/v1/chat/completions" '
            'is served by "default" already'
        )
    ] == problems(path)


# --- stages of one's own -------------------------------------------------------------------------


def test_a_stage_that_cannot_be_loaded_is_told_at_the_list_that_names_it(toml: Write) -> None:
    path = toml('[pipelines.default]\nstages = ["no_such_module:Mine", "dispatch"]\n')
    name = '"no_such_module:Mine"'
    why = "ModuleNotFoundError: No module named 'no_such_module'"
    assert [
        f"pipelines.toml:2: stages.{name}: the stage {name} cannot be loaded: {why}"
    ] == problems(path)


@pytest.mark.parametrize("name", ["json:JSONDecoder", "llm_proxy.pipeline.backend:Backend"])
def test_a_class_that_is_no_stage(name: str, toml: Write) -> None:
    path = toml(f'{DEFAULT}[stages.mine]\nuse = "{name}"\n')
    assert [
        f'pipelines.toml:4: stages.mine.use: the stage "{name}" is no subclass of Stage'
    ] == problems(path)


@pytest.mark.parametrize("name", [":Mine", "mine:"])
def test_half_a_name_is_told_like_any_other_problem(name: str, toml: Write) -> None:
    path = toml(f'[stages.mine]\nuse = "{name}"\n{DEFAULT}')
    [problem] = problems(path)
    assert problem.startswith(
        f'pipelines.toml:2: stages.mine.use: the stage "{name}" cannot be loaded: '
    )


# --- production ----------------------------------------------------------------------------------

PRODUCTION = (
    'environment = "production"\nserver.trusted_proxies = "10.0.0.1"\n'
    "[pipelines.default]\nstages = [{}]\n"
)


def test_production_with_a_gate_and_a_key(toml: Write) -> None:
    made = plan(toml(PRODUCTION.format('"auth", "dispatch"') + '[stages.auth]\nkey = "k"\n'))
    assert "production" == made.config.environment
    assert "auth → dispatch" == str(made.pipelines[0])


def test_production_needs_a_gate(toml: Write) -> None:
    [problem] = problems(toml(PRODUCTION.format('"plain", "dispatch"')))
    place, message = problem.split(": ", 2)[1:]
    assert ("pipelines.toml:4", "pipelines.default.stages") == (problem.split(": ")[0], place)
    assert 'production needs a stage that lets callers in: "auth"' == message


def test_production_needs_a_key(toml: Write) -> None:
    path = toml(PRODUCTION.format('"auth", "dispatch"') + '[stages.auth]\nkey = ""\n')
    assert ["pipelines.toml:6: stages.auth.key: production needs a key"] == problems(path)


def test_a_problem_of_a_stage_without_a_table_still_names_a_line(toml: Write) -> None:
    [problem] = problems(toml(PRODUCTION.format('"auth", "dispatch"')))
    assert problem.startswith("pipelines.toml:4: ")
    assert problem.endswith("production needs a key")


def test_production_needs_tls_and_names_the_line(toml: Write) -> None:
    guarded = '[pipelines.default]\nstages = ["auth", "dispatch"]\n[stages.auth]\nkey = "k"\n'
    [problem] = problems(toml(f'environment = "production"\n{guarded}'))
    assert problem.startswith("pipelines.toml:1: environment: production needs ")


# --- problems of the shape do not hide those of the plan -----------------------------------------

MISSPELT = 'no stage named "dispach"; did you mean "dispatch"?'


@pytest.mark.parametrize(
    "shape",
    [
        "server.port = -1",
        "servr = 1",
        'environment = "production"',
        f"server.tls_key = '{__file__}'",
        f"server.port = -1\nserver.tls_key = '{__file__}'",
        'server.trusted_proxies = ["nowhere"]',
        "pipelines.other.stages = []",
        "pipelines.other.serves = []",
        'pipelines.other.stages = ["plain", 1]',
        "stages.auth = 1",
    ],
    ids=[
        "value",
        "key",
        "production",
        "half of tls",
        "value and half of tls",
        "network",
        "empty chain",
        "no chain",
        "item of a chain",
        "no table",
    ],
)
def test_problems_of_the_shape_hide_no_others(shape: str, toml: Write) -> None:
    found = problems(toml(f'{shape}\n[pipelines.default]\nstages = ["dispach"]\n'))
    assert [MISSPELT] == [problem.split(": ", 2)[2] for problem in found if "dispach" in problem]
    assert len(found) > 1
