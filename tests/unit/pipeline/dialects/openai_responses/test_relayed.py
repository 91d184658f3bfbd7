from llm_proxy.pipeline.dialects.openai_responses.answer_output import Output
from llm_proxy.pipeline.dialects.openai_responses.namespaces import Namespaces
from llm_proxy.pipeline.dialects.openai_responses.relayed import Relayed
from llm_proxy.pipeline.events import Event, TextDelta
from tests.unit.pipeline.dialects.openai_responses.wire import OUTPUT, frames, read


def frames_passed(events: list[Event]) -> tuple[list[bool], Relayed, Output]:
    output = Output(Namespaces(()))
    relayed = Relayed(output)
    passed: list[bool] = []
    last = None
    for event in events:
        if event.frame and event.frame is not last:
            shared = [one for one in events if one.frame is event.frame]
            passed.append(relayed.passes(shared, event.frame))
        last = event.frame
    return passed, relayed, output


def test_what_was_relayed_is_known_afterwards() -> None:
    for numbered in (True, False):
        passed, relayed, output = frames_passed(read(frames(numbered=numbered)))
        assert all(passed)
        relayed.catch_up()
        assert len(passed) == relayed.number
        assert OUTPUT == output.items
        assert relayed.base is not None
        assert "resp_1" == relayed.base["id"]


def test_what_tells_a_piece_that_was_held_back_does_not_pass() -> None:
    for numbered in (True, False):
        events = read(frames(numbered=numbered))
        held = next(event for event in events if isinstance(event, TextDelta))
        passed, _, _ = frames_passed([event for event in events if event is not held])
        assert 17 == passed.index(False)
