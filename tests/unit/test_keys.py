"""`llm-proxy keys`, as a person types it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from llm_proxy.server import main
from tests.support.redis_server import RedisServer

CONFIG = """\
[state]
url = "{url}"
[pipelines.default]
stages = ["auth", "dispatch"]
[pipelines.open]
serves = []
stages = ["dispatch"]
[tenants.acme]
[tenants.other]
"""

KEY = re.compile(r"lp-([a-z2-9]{10})-[A-Za-z0-9_-]{43}")

Keys = Callable[..., tuple[int, str, str]]


@pytest.fixture
def keys(
    redis: RedisServer, toml: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> Keys:
    """Runs the command: its status, what it printed, and what it said beside that."""
    path = toml(CONFIG.format(url=redis.url))

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            status = main(["keys", *arguments, "--config", str(path)])
        except SystemExit as error:
            status = int(error.code or 0)
        out, err = capsys.readouterr()
        return status, out.strip(), err.strip().rpartition("\n")[2]

    return run


def listed(keys: Keys, *arguments: str) -> list[dict[str, Any]]:
    status, out, _ = keys("list", "--json", *arguments)
    assert status == 0
    found: list[dict[str, Any]] = orjson.loads(out)
    return found


def test_a_key_is_shown_once_and_never_again(keys: Keys) -> None:
    status, key, told = keys("create", "--tenant", "acme")
    match = KEY.fullmatch(key)
    assert match
    good = f"This is the key {match[1]} of acme, good until it is revoked. It is shown this once."
    assert (status, told) == (0, good)
    for more in ([], ["--json"]):
        _, out, err = keys("list", *more)
        assert match[1] in out
        assert key[-4:] in out
        assert key not in out + err
        assert key[-6:] not in out + err


def test_what_is_granted_is_listed(keys: Keys) -> None:
    granted = ["--limits", "60 requests/1m,5 in_flight", "--budget", "20.5/30d"]
    may = ["--models", "gpt-*, o3", "--backends", "local", "--pipeline", "default"]
    keys("create", "--tenant", "acme", *granted, *may, "--expires", "2999-01-31")
    keys("create", "--tenant", "other")
    one, _ = listed(keys)
    assert datetime.fromisoformat(one.pop("created")) > datetime.now(UTC) - timedelta(minutes=1)
    assert {"id", "last"} < one.keys()
    assert {name: one[name] for name in one if name not in ("id", "last")} == {
        "tenant": "acme",
        "expires": "2999-01-31T00:00:00+00:00",
        "limits": ["60 requests/1m", "5 in_flight", "20.5 dollars/30d"],
        "models": ["gpt-*", "o3"],
        "backends": ["local"],
        "pipeline": "default",
    }
    _, table, _ = keys("list", "--tenant", "acme")
    head, row = table.splitlines()
    assert head.split() == ["ID", "TENANT", "CREATED", "EXPIRES", "ENDS", "WITH", "GRANTED"]
    granted_text = "60 requests/1m, 5 in_flight, 20.5 dollars/30d, models gpt-* o3"
    assert row.endswith(f"{one['last']}      {granted_text}, backends local, pipeline default")


def test_one_tenants_keys_alone(keys: Keys) -> None:
    for tenant in ("acme", "other", "acme"):
        keys("create", "--tenant", tenant)
    assert [key["tenant"] for key in listed(keys, "--tenant", "acme")] == ["acme", "acme"]
    assert keys("list", "--tenant", "nobody") == (0, "", "There are no keys.")


@pytest.mark.parametrize(("when", "days"), [("1d", 1), ("36h", 1.5), ("a date", 9)])
def test_an_end_is_a_time_from_now_or_a_date(keys: Keys, when: str, days: float) -> None:
    if when == "a date":
        when = (datetime.now(UTC) + timedelta(days)).isoformat()
    _, out, _ = keys("create", "--tenant", "acme", "--expires", when, "--json")
    ends = datetime.fromisoformat(orjson.loads(out)["expires"])
    assert abs(ends - datetime.now(UTC) - timedelta(days)) < timedelta(minutes=1)


def test_rotation_shows_a_new_key_with_the_same_id(keys: Keys) -> None:
    _, old, _ = keys("create", "--tenant", "acme", "--models", "o3")
    before = listed(keys)
    _, new, told = keys("rotate", before[0]["id"])
    assert KEY.fullmatch(new)
    assert new != old
    assert f"the key {before[0]['id']} of acme" in told
    assert listed(keys) == [{**before[0], "last": new[-4:]}]


def test_json_has_the_key_too(keys: Keys) -> None:
    _, out, err = keys("create", "--tenant", "acme", "--json")
    made = orjson.loads(out)
    _, out, _ = keys("rotate", made["id"], "--json")
    rotated = orjson.loads(out)
    assert err == ""
    for one in (made, rotated):
        assert KEY.fullmatch(one.pop("key"))
        del one["last"]
    assert made == rotated


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_revoked_key_is_listed_no_more(keys: Keys, more: list[str]) -> None:
    keys("create", "--tenant", "acme")
    id_ = listed(keys)[0]["id"]
    status, out, _ = keys("revoke", id_, *more)
    assert (status, id_ in out) == (0, True)
    assert listed(keys) == []
    told = f'there is no key "{id_}"; `llm-proxy keys list` shows them'
    assert keys("revoke", id_) == (2, "", told)
    assert keys("rotate", id_) == (2, "", told)


ERROR = "llm-proxy keys create: error: argument "


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--tenant", "acm"], 'the file has no tenant "acm"; did you mean "acme"?'),
        (["--tenant", "x"], 'the file has no tenant "x"; add [tenants.x]'),
        (["--limits", "5"], f'{ERROR}--limits: "5" is no limit like "60 requests/1m", '),
        (["--budget", "x"], f'{ERROR}--budget: "x" is no budget like "20/30d": 20 dollars in'),
        (["--expires", "2020-01-01"], f"{ERROR}--expires: 2020-01-01 is over already"),
        (["--expires", "9999-99-99"], f'{ERROR}--expires: "9999-99-99" is not a time like 30d'),
        (["--expires", "9999999999d"], f'{ERROR}--expires: "9999999999d" is not a time like 30d'),
        (["--expires", "0s"], f'{ERROR}--expires: "0s" is not a time like 30d or a date'),
        (["--backends", "lcal"], '--backends: no backend named "lcal"; did you mean "local"?'),
        (["--pipeline", "opn"], '--pipeline: no pipeline named "opn"; did you mean "open"?'),
        (["--pipeline", "open"], '--pipeline: "open" cannot be for some callers alone: without'),
    ],
)
def test_a_mistake_is_told_and_makes_no_key(keys: Keys, arguments: list[str], told: str) -> None:
    status, out, err = keys("create", "--tenant", "acme", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(told)
    assert listed(keys) == []


@pytest.mark.parametrize("arguments", [[], ["create"], ["revoke"], ["rotate"], ["frobnicate"]])
def test_what_is_missing_is_told(keys: Keys, arguments: list[str]) -> None:
    status, out, err = keys(*arguments)
    assert (status, out) == (2, "")
    assert "error: " in err


def test_keys_need_shared_state(
    toml: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = toml(CONFIG.format(url="memory://"))
    assert main(["keys", "create", "--tenant", "acme", "--config", str(path)]) == 2
    told = "keys are kept in shared state: [state] needs the url of a Redis\n"
    assert capsys.readouterr().err == told


def test_a_redis_that_is_not_there_is_told(
    redis: RedisServer, toml: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    redis.kill()
    path = toml(CONFIG.format(url=redis.url))
    assert main(["keys", "list", "--config", str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"state.url: 127.0.0.1:{redis.port} cannot be used")
