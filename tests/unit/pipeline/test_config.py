"""The file's shape."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from llm_proxy.pipeline.config import (
    BackendsConfig,
    Config,
    LoggingConfig,
    PipelineConfig,
    ServerConfig,
    read_config,
    report_invalid,
)
from llm_proxy.pipeline.config_file import ConfigFile

DEFAULT = {"default": {"stages": ["dispatch"]}}


def read(**tables: Any) -> tuple[Config, list[str]]:
    file = ConfigFile("f.toml", {"pipelines": DEFAULT, **tables}, {})
    return read_config(file), file.problems


def problems_of(**tables: Any) -> list[str]:
    return [problem.removeprefix("f.toml: ") for problem in read(**tables)[1]]


def test_a_pipeline_is_all_that_a_file_must_have() -> None:
    config, problems = read()
    assert [] == problems
    assert Config(pipelines={"default": PipelineConfig(stages=("dispatch",))}) == config


def test_the_defaults() -> None:
    config = Config(pipelines={"default": PipelineConfig(stages=("dispatch",))})
    assert "development" == config.environment
    server = config.server
    assert ("127.0.0.1", 8000) == (server.host, server.port)
    assert (10_000_000, 100) == (server.max_request_bytes, server.max_concurrent_requests)
    assert (300.0, 30.0) == (server.request_timeout, server.shutdown_timeout)
    assert (15.0, "cancel", 60.0) == (server.heartbeat, server.on_disconnect, server.drain_timeout)
    assert (None, None, ()) == (server.tls_certificate, server.tls_key, server.trusted_proxies)
    assert ("INFO", "json") == (config.logging.level, config.logging.format)
    state = config.state
    assert ("memory://", None) == (state.url.get_secret_value(), state.address)
    assert ("llm-proxy", 1.0) == (state.prefix, state.timeout)
    by_use = {"sessions": "local", "limits": "local", "keys": "local", "cache": "open"}
    assert by_use == state.when_away.by_use
    paths = ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1beta")
    assert paths == config.pipelines["default"].serves
    assert "local" == config.backends.default_backend


def test_values_may_be_text_as_a_variable_gives_it() -> None:
    config, problems = read(
        server={"port": "9000", "max_request_bytes": "1MB", "request_timeout": "5m"},
        logging={"level": "debug"},
    )
    assert [] == problems
    expected = ServerConfig(port=9000, max_request_bytes=1_000_000, request_timeout=300)
    assert expected == config.server
    assert LoggingConfig(level="DEBUG") == config.logging


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ({"sever": {}}, 'sever: unknown key; did you mean "server"?'),
        ({"xyz": 1}, "xyz: unknown key"),
        ({"server": {"prot": 1}}, 'server.prot: unknown key; did you mean "port"?'),
        ({"server": {"stages": 1}}, "server.stages: unknown key"),
        (
            {"pipelines": {"a.b": {"stages": ["x"], "serve": []}}},
            'pipelines."a.b".serve: unknown key; did you mean "serves"?',
        ),
        ({"server": {"port": 65536}}, "server.port: Input should be less than or equal to 65535"),
        (
            {"server": {"request_timeout": "soon"}},
            ('server.request_timeout: "soon" is not a number with a unit, '
            'like "500ms", "30s" or "5m"'),
        ),
        ({"server": {"on_disconnect": "stay"}},
         "server.on_disconnect: Input should be 'cancel' or 'drain'"),
        ({"server": {"heartbeat": 0}}, "server.heartbeat: Input should be greater than 0"),
        ({"environment": "prod"}, "environment: Input should be 'development' or 'production'"),
        ({"state": {"prefix": "{x}"}}, "state.prefix: String should match pattern '^[^{}\\s]+$'"),
        ({"state": {"when_away": {"sessions": "wait"}}},
         "state.when_away.sessions: Input should be 'local', 'open' or 'closed'"),
        ({"pipelines": {"a": {}}}, "pipelines.a.stages: Field required"),
        (
            {"pipelines": {"a": {"stages": []}}},
            "pipelines.a.stages: Tuple should have at least 1 item after validation, not 0",
        ),
        ({"stages": {"auth": 1}}, "stages.auth: must be a table"),
        ({"server": 1}, "server: must be a table"),
        ({"pipelines": {**DEFAULT, "a": 1}}, "pipelines.a: must be a table"),
        ({"backends": {"default_backend": 1}}, ("backends.default_backend: Input should be "
         "a valid string")),
    ],
)  # fmt: skip
def test_a_problem_is_told_with_place_and_hint(tables: dict[str, Any], problem: str) -> None:
    assert [problem] == problems_of(**tables)


def test_a_wrong_url_of_state_is_told_and_not_repeated() -> None:
    (problem,) = problems_of(state={"url": "redis://:fake/secret@host"})
    assert problem.startswith("state.url: must be memory://, redis://HOST:6379/0, ")
    assert "secret" not in problem


def test_state_may_be_outside_of_the_process() -> None:
    config, problems = read(state={"url": "rediss://:fake-secret@host", "timeout": "200ms"})
    assert [] == problems
    assert ("host:6379", 0.2) == (str(config.state.address), config.state.timeout)
    assert "fake-secret" not in repr(config)


def test_half_of_tls_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "cert.pem"
    path.touch()
    for key in ("tls_certificate", "tls_key"):
        assert ["server: tls_certificate and tls_key go together"] == problems_of(
            server={key: str(path)}
        )
    both = {"tls_certificate": str(path), "tls_key": str(path)}
    [problem] = problems_of(server=both)
    assert problem.startswith("server: tls_certificate and tls_key cannot be used: ")


def test_a_certificate_must_be_there(tmp_path: Path) -> None:
    missing = str(tmp_path / "cert.pem")
    assert [
        "server.tls_certificate: Path does not point to a file",
        "server.tls_key: Path does not point to a file",
    ] == problems_of(server={"tls_certificate": missing, "tls_key": missing})


def test_a_wrong_network_is_one_problem_at_its_own_place() -> None:
    for value in ("10.0.0.0/8, nowhere", ["10.0.0.0/8", "nowhere"]):
        places = [p.split(": ")[0] for p in problems_of(server={"trusted_proxies": value})]
        assert ["server.trusted_proxies[1]"] == places


def test_what_is_wrong_is_left_out_and_the_rest_is_there() -> None:
    config, problems = read(
        environment="prod", server={"port": -1, "host": "h"}, pipelines={**DEFAULT, "bad": 1}
    )
    assert 3 == len(problems)
    assert ("development", 8000, "h") == (
        config.environment,
        config.server.port,
        config.server.host,
    )
    assert ["default"] == list(config.pipelines)


def test_half_of_tls_is_left_out_also_where_something_else_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "cert.pem"
    path.touch()
    config, problems = read(server={"tls_key": str(path), "port": -1})
    assert 2 == len(problems)
    assert ServerConfig() == config.server


@pytest.mark.parametrize("tables", [{}, {"pipelines": {}}])
def test_there_must_be_a_pipeline(tables: dict[str, Any]) -> None:
    file = ConfigFile("f.toml", tables, {})
    assert {} == read_config(file).pipelines
    assert ["f.toml: nothing is served: there must be a [pipelines.NAME]"] == file.problems


def test_backends_are_the_tables_beside_the_default() -> None:
    tables = {"default_backend": "a", "a": {"type": "openai"}, "b": 1}
    backends = BackendsConfig.model_validate(tables)
    assert {"a": {"type": "openai"}, "b": 1} == backends.tables


def test_the_local_backend_is_there_unnamed_where_it_is_the_default() -> None:
    assert {"local": {}, "a": {}} == BackendsConfig.model_validate({"a": {}}).tables
    assert {} == BackendsConfig(default_backend="a").tables


def test_the_local_backend_can_have_options() -> None:
    assert {"local": {"x": 1}} == BackendsConfig.model_validate({"local": {"x": 1}}).tables


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    backend: str = ""


class Outer(BaseModel):
    routes: dict[str, list[Inner]] = {}
    maybe: Inner | None = None


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            {"routes": {"gpt-4": [{}, {"bakend": "a"}]}},
            'f.toml:7: stages.x.routes.gpt-4[1].bakend: unknown key; did you mean "backend"?',
        ),
        (
            {"maybe": {"bakend": "a"}},
            'f.toml:7: stages.x.maybe.bakend: unknown key; did you mean "backend"?',
        ),
    ],
)
def test_a_hint_comes_from_the_table_the_key_stands_in(
    options: dict[str, Any], problem: str
) -> None:
    file = ConfigFile("f.toml", {}, {("stages", "x"): 7})
    with pytest.raises(ValidationError) as raised:
        Outer.model_validate(options)
    report_invalid(raised.value, ("stages", "x"), Outer, file)
    assert [problem] == file.problems
