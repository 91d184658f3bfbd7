"""One request on its way."""

from dataclasses import fields, replace

from llm_proxy.pipeline.exchange import Client, Exchange, Fact
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.trace import Target, Trace

REQUEST = ChatRequest("m", ())


def test_a_new_exchange_knows_its_request_and_client_and_nothing_else() -> None:
    client = Client("127.0.0.1", credential="k")
    exchange = Exchange.of(REQUEST, client)
    assert Exchange(exchange.id, REQUEST, Trace(), client) == exchange
    assert (None, None, None) == (exchange.caller, exchange.session, exchange.target)
    assert {} == exchange.facts


def test_every_exchange_has_its_own_id_and_trace() -> None:
    one, two = Exchange.of(REQUEST), Exchange.of(REQUEST)
    assert one.id != two.id
    one.trace.warnings.append("w")
    assert [] == two.trace.warnings


def test_a_changed_copy_leaves_the_first_as_it_was_and_shares_the_trace() -> None:
    fact: Fact[int] = Fact("n")
    first = Exchange.of(REQUEST)
    other = ChatRequest("other", ())
    copy = first.with_request(other).at(Target("b", "x")).knowing(fact, 1)
    assert (REQUEST, None, None) == (first.request, first.target, first.fact(fact))
    assert (other, Target("b", "x"), 1) == (copy.request, copy.target, copy.fact(fact))
    assert (first.id, first.client) == (copy.id, copy.client)
    assert first.trace is copy.trace


def test_what_is_sent_to_a_target_is_the_same_in_all_else() -> None:
    values = {one.name: object() for one in fields(Exchange)}
    exchange, target = Exchange(**values), Target("b", "m")  # type: ignore[arg-type]
    assert replace(exchange, target=target) == exchange.at(target)


def test_a_fact_is_known_by_its_key_and_not_by_its_name() -> None:
    mine: Fact[int] = Fact("n")
    namesake: Fact[int] = Fact("n")
    exchange = Exchange.of(REQUEST).knowing(mine, 1).knowing(namesake, 2)
    assert (1, 2) == (exchange.fact(mine), exchange.fact(namesake))
    assert 3 == exchange.knowing(mine, 3).fact(mine)
    assert "Fact('n')" == repr(mine)


def test_a_fact_may_be_false() -> None:
    fact: Fact[bool] = Fact("flag")
    assert Exchange.of(REQUEST).knowing(fact, False).fact(fact) is False


def test_type_checkers_refuse_to_change_one() -> None:
    exchange = Exchange.of(REQUEST)
    exchange.target = Target("b", "m")  # type: ignore[misc] # `make check` fails where none is needed
