import asyncio
import threading

from bench.bytecodes import bytecodes


def _spin(rounds: int) -> None:
    for _ in range(rounds):
        pass


async def _wait(rounds: int) -> None:
    for _ in range(rounds):
        await asyncio.sleep(0)


def _counted(rounds: int) -> int:
    with bytecodes() as counted:
        _spin(rounds)
    return counted()


def test_each_is_counted() -> None:
    once, again, more = _counted(10), _counted(10), _counted(1010)
    assert once == again
    assert (more - once) % 1000 == 0
    assert more - once >= 2000


def test_those_of_coroutines_too() -> None:
    with bytecodes() as few:
        asyncio.run(_wait(10))
    with bytecodes() as many:
        asyncio.run(_wait(1010))
    assert many() - few() > 5000


def test_other_threads_are_not_counted() -> None:
    other = threading.Thread(target=_spin, args=(100_000,))
    with bytecodes() as counted:
        other.start()
        other.join()
    assert counted() < 10_000
