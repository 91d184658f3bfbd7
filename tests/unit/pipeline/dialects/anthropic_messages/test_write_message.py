from llm_proxy.pipeline.dialects.anthropic_messages.write_message import write_messages
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import Message

FIELD = Message("system", (Text("S"),), {"system": "S"})
TURN = Message("system", (Text("T"),), {"role": "system", "content": "T"})
USER = Message("user", (Text("q"),), {"role": "user", "content": "q"})


def test_what_nothing_touched_is_as_it_came() -> None:
    system, (user,) = write_messages([FIELD, USER])
    assert ("S", True) == (system, user is USER.origin)
    assert (None, [USER.origin]) == write_messages([USER])


def test_the_clients_own_system_turns_are_messages() -> None:
    assert (None, [TURN.origin, USER.origin]) == write_messages([TURN, USER])
    assert ("S", [TURN.origin]) == write_messages([FIELD, TURN])


def test_a_text_stays_a_text_as_long_as_it_is_one() -> None:
    assert ("T", []) == write_messages([FIELD.with_parts([Text("T")])])
    _, (one,) = write_messages([USER.with_parts([Text("r")])])
    assert {"role": "user", "content": "r"} == one
    _, (two,) = write_messages([USER.with_parts([Text("r"), Text("s")])])
    assert [{"type": "text", "text": "r"}, {"type": "text", "text": "s"}] == two["content"]


def test_system_turns_of_ours() -> None:
    ours = Message("developer", (Text("D"),))
    blocks = [{"type": "text", "text": "D"}, {"type": "text", "text": "S"}]
    assert (blocks, []) == write_messages([ours, FIELD])
    _, (_, later) = write_messages([USER, ours])
    assert {"role": "system", "content": "D"} == later


def test_an_emptied_system_field_goes() -> None:
    assert (None, []) == write_messages([FIELD.with_parts([])])
    assert (None, []) == write_messages([FIELD.with_parts([Text("")])])
