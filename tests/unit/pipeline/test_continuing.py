"""Asking for the rest of an answer."""

from llm_proxy.pipeline.continuing import GO_ON, continuing, interrupted
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import Message
from tests.support.stages import asking


def test_what_was_asked_for_can_be_told_from_how() -> None:
    request = asking("tell me").request
    asked = continuing(request, "Once upon")
    assert [(m.role, m.text) for m in asked.messages] == [
        ("user", "tell me"),
        ("assistant", "Once upon"),
        ("user", GO_ON),
    ]
    before, sent = interrupted(asked)
    assert (list(before.messages), sent) == (list(request.messages), "Once upon")


def test_blanks_are_no_turn() -> None:
    request = asking("tell me").request
    assert continuing(request, " \n") is request


def test_any_other_request_was_not_interrupted() -> None:
    request = asking("tell me").request
    assert interrupted(request) == (request, "")
    said = asking(messages=(Message("assistant", (Text(GO_ON),)),)).request
    assert interrupted(said) == (said, "")
