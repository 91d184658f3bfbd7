from collections.abc import Callable
from pathlib import Path

import pytest

from llm_proxy.load import DEFAULT_FILE, load, new_http_session, read_plan
from llm_proxy.pipeline.errors import CannotStart, ConfigError
from tests.support.redis_server import RedisServer
from tests.support.stores import redis_store

NINE = (
    "observe → auth → rate_limit → session → commands → loop_detection → transform → failover → "
    "dispatch"
)


def test_the_default_file_needs_no_environment() -> None:
    plan = read_plan(DEFAULT_FILE, {})

    assert [str(pipeline) for pipeline in plan.pipelines] == [NINE]
    assert [backend.name for backend in plan.backends if not backend.off] == ["local"]
    assert plan.config.server.port == 8000
    assert plan.config.server.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("variable", "backend"),
    [
        ("OPENAI_API_KEY", "openai"),
        ("ANTHROPIC_API_KEY", "anthropic"),
        ("GEMINI_API_KEY", "gemini"),
        ("OPENROUTER_API_KEY", "openrouter"),
        ("ZAI_API_KEY", "zai"),
    ],
)
def test_a_key_in_the_environment_switches_its_backend_on(variable: str, backend: str) -> None:
    plan = read_plan(DEFAULT_FILE, {variable: "fake-key"})

    assert [planned.name for planned in plan.backends if not planned.off] == ["local", backend]


def test_every_variable_of_the_guide_has_its_effect() -> None:
    plan = read_plan(
        DEFAULT_FILE,
        {
            "PROXY_API_KEYS": "a, b",
            "DEFAULT_BACKEND": "openai",
            "DISABLE_AUTH": "true",
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": "text",
            "RATE_LIMIT": "7",
            "RATE_LIMIT_WINDOW": "1m",
            "REQUEST_LOGGING": "false",
            "RESPONSE_LOGGING": "true",
            "HOST": "::1",
            "PORT": "9",
            "REDIS_URL": "redis://localhost",
        },
    )
    options = {stage.name: stage.options.model_dump() for stage in plan.pipelines[0].stages}

    assert plan.config.backends.default_backend == "openai"
    assert plan.config.logging.model_dump() == {"level": "DEBUG", "format": "text"}
    assert (plan.config.server.host, plan.config.server.port) == ("::1", 9)
    assert plan.config.state.url.get_secret_value() == "redis://localhost"
    keys = [key.get_secret_value() for key in options["auth"]["api_keys"]]
    assert keys == ["a", "b"]
    assert "'a'" not in repr(plan)
    assert options["auth"]["disable_auth"] is True
    limits = options["rate_limit"]
    assert (limits["default_limit"], limits["time_window"]) == (7, 60.0)
    assert options["observe"] == {"request_logging": False, "response_logging": True}


def test_a_variable_with_a_wrong_value_is_told_at_its_place() -> None:
    with pytest.raises(ConfigError, match=r"stages\.rate_limit\.default_limit: must be a number"):
        read_plan(DEFAULT_FILE, {"RATE_LIMIT": "many"})


async def test_a_chain_without_http_has_the_state_of_its_file(
    redis: RedisServer, toml: Callable[[str], Path]
) -> None:
    chain = f'[state]\nurl = "{redis.url}"\n[pipelines.default]\nstages = ["dispatch"]'
    async with load(toml(chain), environment={}) as pipeline:
        await pipeline.links[0].stage.kit.store.save("a", b"1", 10)
    async with redis_store(redis, prefix="llm-proxy") as store:
        assert b"1" == await store.load("a")
    redis.kill()
    with pytest.raises(CannotStart):
        async with load(toml(chain), environment={}):
            pass


async def test_a_pipeline_that_is_not_there() -> None:
    with pytest.raises(LookupError, match='no pipeline named "x"; there is default'):
        async with load(pipeline="x", environment={}):
            pass


async def test_the_pool_has_no_limit_and_keeps_no_cookies() -> None:
    async with new_http_session() as http:
        assert http.connector is not None
        assert http.connector.limit == 0
        assert not list(http.cookie_jar)
