from bench.cases import paced
from bench.contestants import vendor
from bench.paced import watch


def test_each_chunk_is_seen_and_none_before_it_was_sent() -> None:
    called: list[str] = []
    with vendor() as process:
        seen = watch(process, paced(3, 0.001).ours, lambda: called.append("midway"))
    assert len(seen.lags) == 300
    assert min(seen.lags) >= 0
    assert called == ["midway"]
    assert seen.cpu > 0
