"""What the proxy tells the official SDKs of itself: why, usage, new, and who may use which."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.every_way import any_vendor, both_ways, every_client, every_vendor
from tests.support.four_vendors import MODELS, FourVendors, model_at, model_seen
from tests.support.process import Server
from tests.support.scripts import SCRIPTS
from tests.support.sdk_talks import Sdks, Talk

pytestmark = [every_client, both_ways]

GUEST = "fake-guest-key"


def _route(vendor: str) -> str:
    return (
        f"[stages.failover.routes.at-last-{vendor}]\n"
        'attempts = [{ backend = "local", model = "error-500" },'
        f' {{ backend = "{vendor}", model = "m1" }}]\n'
    )


@pytest.fixture(scope="module")
def proxy(four: FourVendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    guest = sha256(GUEST.encode()).hexdigest()[:12]
    breaker = "[stages.failover.breaker]\nfailures = 1000\n"
    denied = f'[stages.commands]\ndenied = {{ "key-{guest}*" = ["model", "set"] }}\n'
    path: Path = tmp_path_factory.mktemp("telling") / "pipelines.toml"
    config = four.config.replace('"fake-key"', f'"fake-key,{GUEST}"')
    config = config.replace("max_tries = 1\n", "".join(map(_route, SCRIPTS)) + breaker + denied)
    path.write_text(f"{config}\n[backends.local]\n", "utf-8")
    with Server(path) as server:
        yield server


@pytest.fixture(scope="module")
def guests(proxy: Server) -> Iterator[Sdks]:
    with Sdks(proxy.url, GUEST) as official:
        yield official


@every_vendor
def test_why_and_usage_after_a_failover(talk: Talk, vendors: FourVendors, vendor: str) -> None:
    talk.model = f"at-last-{vendor}"
    assert talk.say("hi") == "Hello you"
    first = talk.say("!/why")
    lines = first.splitlines()
    assert lines[0].startswith("The request ")
    assert f" for at-last-{vendor}: complete, " in lines[0]
    tried = [line for line in lines if line[:2] in ("1.", "2.", "3.")]
    assert [line.rpartition(" (")[0] for line in tried] == [
        "1. local:error-500: the vendor answered 500",
        f"2. {vendor}:m1: ok",
    ]
    assert talk.say("!/usage").splitlines() == [
        "- requests: 1, of these failed: 0",
        "- input tokens: 130, of these cached: 100",
        "- output tokens: 30, of these reasoning: 12",
    ]
    assert talk.say("!/why") == first
    assert len(vendors.all_received(vendor)) == 1


@any_vendor
def test_a_session_that_is_forgotten(talk: Talk, vendors: FourVendors, vendor: str) -> None:
    talk.say("hi")
    talk.say("!/model(other)\n!/set(max_tokens=77)")
    talk.say("two")
    assert talk.say("!/new") == "The session is forgotten."
    assert talk.say("!/usage").startswith("- requests: 0, of these failed: 0\n")
    assert talk.say("!/model") == "No model is set: the client's own choice is used."
    talk.say("three")
    models = [model_seen(vendor, one) for one in vendors.all_received(vendor)]
    assert models == [MODELS[vendor], "other", MODELS[vendor]]
    assert b"77" not in vendors.received(vendor).body


@any_vendor
def test_a_command_that_the_caller_is_denied(
    guests: Sdks,
    vendors: FourVendors,
    client: str,
    vendor: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    talk = guests.talk(client, model_at(vendor), stream=stream)
    assert talk.say("!/model(other)") == "llm-proxy error: you may not use !/model"
    assert talk.say("!/hello\n!/set(max_tokens=77)\nhi").endswith("you may not use !/set")
    assert "!/model" not in talk.say("!/help")
    assert vendors.all_received(vendor) == []
    assert talk.say("two") == "Hello you"
    assert model_seen(vendor, vendors.received(vendor)) == MODELS[vendor]
