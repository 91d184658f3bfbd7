"""Commands typed through the official SDKs, whole and streamed, before a vendor of each dialect."""

import pytest

from tests.support.every_way import any_vendor, both_ways, every_client, every_vendor
from tests.support.four_vendors import MODELS, FourVendors, model_seen
from tests.support.legal import check_sent, said_in
from tests.support.scripts import SCRIPTS
from tests.support.sdk_talks import Talk
from tests.support.talk import SETTINGS, setting, system_of

OTHER = dict(zip(SCRIPTS, [*SCRIPTS][1:] + [*SCRIPTS][:1], strict=True))
"""Vendor → another one, to be switched to."""

pytestmark = [every_client, both_ways]


def _asked(vendors: FourVendors) -> list[tuple[str, str]]:
    """Which vendors were asked for which models; all was as the vendors take it."""
    asked: list[tuple[str, str]] = []
    for vendor in SCRIPTS:
        for received in vendors.all_received(vendor):
            check_sent(vendor, received)
            assert b"!/" not in received.body
            asked.append((vendor, model_seen(vendor, received)))
    return asked


@any_vendor
def test_help_is_an_answer_of_the_proxy(talk: Talk, vendors: FourVendors) -> None:
    lines = talk.say("!/help").splitlines()
    assert "- `!/hello`: Says that the proxy is there." in lines
    assert talk.say("!/help(oneoff)").startswith("`!/oneoff(name)`\n\nSends one request to ")
    assert _asked(vendors) == []


@every_vendor
def test_another_model(talk: Talk, vendors: FourVendors, vendor: str) -> None:
    other = OTHER[vendor]
    assert talk.say(f"!/model({other}:m2)") == f"The model is now {other}:m2."
    assert talk.say("hi") == "Hello you"
    assert talk.say("again") == "Hello you"
    assert _asked(vendors) == [(other, "m2")] * 2
    assert talk.say("!/unset(model)") == "Forgotten: model."
    vendors.reset()
    assert talk.say("and again") == "Hello you"
    assert _asked(vendors) == [(vendor, MODELS[vendor])]


@every_vendor
def test_another_backend(talk: Talk, vendors: FourVendors, vendor: str) -> None:
    other = OTHER[vendor]
    assert talk.say(f"!/backend({other})") == f"The backend is now {other}."
    assert talk.say("hi") == "Hello you"
    assert _asked(vendors) == [(other, MODELS[vendor])]


@every_vendor
def test_another_model_once(talk: Talk, vendors: FourVendors, vendor: str) -> None:
    other = OTHER[vendor]
    assert talk.say("hi") == "Hello you"
    assert talk.say(f"!/oneoff({other}:m2)") == f"The next request goes to {other}:m2."
    assert _asked(vendors) == [(vendor, MODELS[vendor])]
    vendors.reset()
    assert talk.say("once") == "Hello you"
    assert _asked(vendors) == [(other, "m2")]
    vendors.reset()
    assert talk.say("as before") == "Hello you"
    assert _asked(vendors) == [(vendor, MODELS[vendor])]


@every_vendor
def test_another_model_for_the_text_beside_it(
    talk: Talk, vendors: FourVendors, vendor: str
) -> None:
    other = OTHER[vendor]
    assert talk.say(f"!/oneoff({other}:m2)\nonce") == "Hello you"
    assert _asked(vendors) == [(other, "m2")]
    assert said_in(other, vendors.received(other).json) == [("user", "once")]
    vendors.reset()
    assert talk.say("as before") == "Hello you"
    assert _asked(vendors) == [(vendor, MODELS[vendor])]


@every_vendor
def test_a_setting(talk: Talk, vendors: FourVendors, vendor: str) -> None:
    assert talk.say("!/set(max_tokens=77)") == "Set max_tokens = 77."
    for text in ("hi", "again"):
        assert talk.say(text) == "Hello you"
        assert setting(vendor, vendors.received(vendor).json, "max_tokens") == 77
    assert talk.say("!/unset(max_tokens)") == "Forgotten: max_tokens."
    assert talk.say("and again") == "Hello you"
    assert setting(vendor, vendors.received(vendor).json, "max_tokens") != 77
    assert _asked(vendors) == [(vendor, MODELS[vendor])] * 3


@every_vendor
def test_more_for_the_system_prompt(talk: Talk, vendors: FourVendors, vendor: str) -> None:
    said = talk.say('!/set(system_suffix="Rhyme, (always).")')
    assert said == 'Set system_suffix = "Rhyme, (always).".'
    assert talk.say("hi") == "Hello you"
    told = system_of(vendor, vendors.received(vendor).json)
    assert told == f"{talk.system}\n\nRhyme, (always)."
    talk.say("!/unset(system_suffix)")
    assert talk.say("again") == "Hello you"
    assert system_of(vendor, vendors.received(vendor).json) == talk.system
    assert len(_asked(vendors)) == 2


@every_vendor
def test_a_system_prompt_where_there_was_none(
    talk: Talk, vendors: FourVendors, vendor: str
) -> None:
    talk.system = None
    assert talk.say('!/set(system_suffix="Rhyme.")\nhi') == "Hello you"
    assert system_of(vendor, vendors.received(vendor).json) == "Rhyme."
    assert len(_asked(vendors)) == 1


@every_vendor
def test_several_commands_and_a_text(talk: Talk, vendors: FourVendors, vendor: str) -> None:
    other = OTHER[vendor]
    typed = f"!/hello\n!/model({other}:m2)\nhi\n!/set(max_tokens=77)\nthere"
    assert talk.say(typed) == "Hello you"
    sent = vendors.received(other).json
    assert said_in(other, sent) == [("user", "hi\nthere")]
    assert sent.get("generationConfig", sent)[SETTINGS[other]["max_tokens"]] == 77
    assert _asked(vendors) == [(other, "m2")]


@any_vendor
def test_several_commands_are_answered_in_order(talk: Talk, vendors: FourVendors) -> None:
    assert talk.say("!/set(top_p=0.5)\n!/model(gemini:m2)\n\n!/model") == (
        "Set top_p = 0.5.\nThe model is now gemini:m2.\nThe model is gemini:m2."
    )
    assert _asked(vendors) == []


MISTAKES = {
    "!/modle(x)": "unknown command !/modle, did you mean !/model?",
    "!/model(openia_chat:m2)": ('no backend named "openia_chat"; did you mean "openai_chat"?'),
    "!/set(temprature=0.5)": 'there is no parameter "temprature"; did you mean "temperature"?',
    "!/set(temperature=3)": "temperature should be less than or equal to 2",
    "!/oneoff": "which model? Write !/oneoff(name)",
}


@any_vendor
@pytest.mark.parametrize("typed", list(MISTAKES))
def test_a_mistake_is_told_as_an_answer(talk: Talk, vendors: FourVendors, typed: str) -> None:
    assert talk.say(typed) == f"llm-proxy error: {MISTAKES[typed]}"
    assert talk.say(f"{typed}\nand a text") == f"llm-proxy error: {MISTAKES[typed]}"
    assert _asked(vendors) == []
