from aiohttp import web

from bench.calls import Work, count
from bench.cases import WHOLE


def _answering(steps: int) -> web.Application:
    def step() -> None:
        pass

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        for _ in range(steps):
            step()
        return web.Response()

    app = web.Application()
    app.router.add_post(WHOLE.path, handle)
    return app


def _count(steps: int) -> Work:
    return count(lambda _: _answering(steps), WHOLE)


def test_each_call_more_is_counted() -> None:
    few, many = _count(10), _count(1010)
    assert round(many.python - few.python) == 1000
    assert many.bytecodes - few.bytecodes > 1000
    [(name, calls)] = [item for item in many.functions.items() if item[0].endswith("step")]
    assert (name, calls) == (f"tests/unit/bench/test_calls.py {name.split()[1]}", 1010)


def test_it_tells_which_modules_make_most_calls() -> None:
    work = Work(70, 5, 2, {"a.py": 1, "b.py": 4}, {})
    assert work.told(1) == "70 bytecodes, 5 Python calls, 2 C calls\n     4.0 b.py"
