"""`make bench`: the whole chain against a minimal pass-through, as CPU time per request.

Both stand before the same vendor and get the same load, in turns within one run, for the machine's
speed drifts: what counts is the ratio, of which the median over the rounds is shown.
"""

import os
import statistics

import orjson

from bench.load import KEY, Case, measure, warm_up
from bench.loop_detection import compare_loop_detection
from bench.processes import Process, free_port
from bench.state import compare_state
from bench.translation import compare_translations

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))

HEADINGS = (
    f"{'case':22}",
    "   proxy",
    "pass-through",
    "  ratio",
    "       range",
    "  goal",
    "    req/s",
    "its req/s",
)

CONFIG = {
    "DEFAULT_BACKEND": "openai",
    "OPENAI_API_KEY": "fake-key",
    "ANTHROPIC_API_KEY": "fake-key",
    "PROXY_API_KEYS": KEY,
    "RATE_LIMIT": "100000000",
}


def _body(*, stream: bool, size: int) -> bytes:
    turns = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Tell me. "},
    ]
    if size > 1000:  # noqa: PLR2004
        fill = {"role": "user", "content": "lorem ipsum dolor sit amet " * 200}
        answer = {"role": "assistant", "content": "consectetur adipiscing elit " * 200}
        pair = len(orjson.dumps([fill, answer]))
        turns[1:1] = [fill, answer] * (size // pair)
    return orjson.dumps({"model": "gpt-x", "stream": stream, "messages": turns})


CASES = [
    Case("whole answer", _body(stream=False, size=0), 3000, 1.5),
    Case("stream of 100 chunks", _body(stream=True, size=0), 2000, 2.0),
    Case("1 MB request body", _body(stream=False, size=1_000_000), 300, 2.0),
]


def _compare(case: Case, proxy: Process, yardstick: Process) -> None:
    for process in (proxy, yardstick):
        warm_up(process, case)
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        theirs.append(measure(yardstick, case))
        ours.append(measure(proxy, case))
    ratios = [mine[0] / its[0] for mine, its in zip(ours, theirs, strict=True)]
    columns = [
        f"{case.name:22}",
        f"{statistics.median(cpu for cpu, _ in ours):8.0f}",
        f"{statistics.median(cpu for cpu, _ in theirs):12.0f}",
        f"{statistics.median(ratios):7.2f}",
        f"{min(ratios):5.2f} to {max(ratios):.2f}",
        f"{case.goal:6.1f}",
        f"{statistics.median(rate for _, rate in ours):9.0f}",
        f"{statistics.median(rate for _, rate in theirs):9.0f}",
    ]
    print(" | ".join(columns), flush=True)


def main() -> None:
    compare_loop_detection()
    print()
    ports = [free_port() for _ in range(3)]
    vendor = Process(ports[0], ["-m", "bench.serve", "vendor", str(ports[0])])
    target = f"http://127.0.0.1:{ports[0]}"
    yardstick = Process(ports[1], ["-m", "bench.serve", "pass_through", str(ports[1]), target])
    environment = {**CONFIG, "OPENAI_API_URL": f"{target}/v1", "ANTHROPIC_API_URL": target}
    proxy = Process(
        ports[2],
        ["-m", "llm_proxy.server", "serve", "--config", "pipelines.toml", "--port", str(ports[2])],
        environment,
    )
    with vendor, yardstick, proxy:
        print(
            f"CPU per request in µs, median of {ROUNDS} rounds; "
            f"{CASES[0].connections} connections\n"
        )
        print(" | ".join(HEADINGS))
        for case in CASES:
            _compare(case, proxy, yardstick)
        compare_translations(proxy, ROUNDS)
        compare_state(CASES[0], environment, ROUNDS)
        for name, process in (("proxy", proxy), ("pass-through", yardstick)):
            ready, memory = process.ready_seconds, process.resident_megabytes()
            print(f"{name}: ready after {ready:.2f} s, {memory:.0f} MB at the end")


if __name__ == "__main__":
    main()
