from llm_proxy.pipeline.dialects.gemini.call_ids import OpenCalls, is_made_up, made_up_id


def test_made_up_ids_are_known_again_and_differ() -> None:
    ids = {made_up_id(position, name) for position in range(9) for name in ("f", "g")}
    assert 18 == len(ids)
    assert is_made_up(made_up_id(7, "f"), "f")
    assert not is_made_up(made_up_id(7, "f"), "g")
    assert not is_made_up("call_0123456789abcdef00000007", "f")
    assert not is_made_up("call_1", "f")


def test_a_result_finds_its_call_once() -> None:
    calls = OpenCalls()
    first, second = calls.call("", "f"), calls.call("", "f")
    assert [first, second] == [calls.result("", "f"), calls.result("", "f")]
    third = calls.result("", "f")
    assert third not in (first, second)


def test_a_result_without_a_name_is_the_next_calls() -> None:
    calls = OpenCalls()
    assert calls.call("a", "f") == calls.result("", "")


def test_a_result_with_an_id_finds_a_call_without_one_by_its_name() -> None:
    calls = OpenCalls()
    named, made_up = calls.call("a", "f"), calls.call("", "f")
    assert made_up == calls.result("other", "f")
    assert named == calls.result("a", "f")
    assert "other" == calls.result("other", "f")


def test_calls_of_an_earlier_turn_are_forgotten() -> None:
    calls = OpenCalls()
    earlier = calls.call("", "f")
    calls.forget()
    assert earlier != calls.result("", "f")
