"""What the next turns bring upstream once commands are in the history of an SDK's program."""

from tests.support.every_way import both_ways, every_client, every_vendor
from tests.support.four_vendors import FourVendors
from tests.support.legal import check_sent, said_in
from tests.support.sdk_talks import Talk

pytestmark = [every_client, both_ways, every_vendor]


def _last(vendors: FourVendors, vendor: str) -> list[tuple[str, str]]:
    """What the vendor got, without a trace of commands and of the answers to them."""
    received = vendors.received(vendor)
    check_sent(vendor, received)
    for trace in (b"!/", b"llm-proxy", b"The model", b"Proxy"):
        assert trace not in received.body
    return said_in(vendor, received.json)


def test_commands_between_other_turns(talk: Talk, vendors: FourVendors, vendor: str) -> None:
    for text in ("!/hello", "one", "!/model", "!/help", "two", "!/hello\nthree", "four"):
        talk.say(text)
    assert _last(vendors, vendor) == [
        ("user", "one"),
        ("assistant", "Hello you"),
        ("user", "two"),
        ("assistant", "Hello you"),
        ("user", "three"),
        ("assistant", "Hello you"),
        ("user", "four"),
    ]


def test_commands_around_a_tool(talk: Talk, vendors: FourVendors, vendor: str) -> None:
    talk.say("!/hello")
    talk.said("user", "look")
    talk.called("a bird")
    assert talk.go_on() == "Hello you"
    talk.say("!/model")
    assert talk.say("and?") == "Hello you"
    sent = _last(vendors, vendor)
    assert [kind for kind, _ in sent] == ["user", "call", "result", "assistant", "user"]
    assert b"a bird" in vendors.received(vendor).body


def test_a_command_right_behind_a_tools_result(
    talk: Talk, vendors: FourVendors, vendor: str
) -> None:
    talk.said("user", "look")
    talk.called("a bird")
    assert "Proxy" in talk.say("!/hello")
    assert talk.say("and?") == "Hello you"
    sent = _last(vendors, vendor)
    assert [kind for kind, _ in sent] == ["user", "call", "result", "user"]


def test_mistakes(talk: Talk, vendors: FourVendors, vendor: str) -> None:
    assert talk.say("!/modle").startswith("llm-proxy error")
    assert talk.say("!/modle\nhi").startswith("llm-proxy error")
    assert talk.say("!/hello\n!/modle\nthere").endswith("did you mean !/model?")
    assert vendors.all_received(vendor) == []
    assert talk.say("go on") == "Hello you"
    sent = _last(vendors, vendor)
    assert "".join("".join(text.split()) for _, text in sent) == "hitheregoon"
    assert {kind for kind, _ in sent} == {"user"}
