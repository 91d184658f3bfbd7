"""`make flame`: docs/flame-graph.svg, where the server's time goes while it gives whole answers.

py-spy starts the server and looks at its stack from outside: a child may be looked at without
special rights.
"""

import re
import sys
from pathlib import Path

import uvloop

from bench.cases import WHOLE
from bench.contestants import proxy, vendor
from bench.load import send
from bench.processes import ROOT

GRAPH = ROOT / "docs" / "flame-graph.svg"
_REQUESTS = 15_000
_TITLE = re.compile(r'(<text id="title"[^>]*>)[^<]*')
_NAME = "One request, by the server's CPU time (py-spy)"


def main() -> None:
    with vendor() as behind:
        served = proxy(behind)
        spy = str(Path(sys.executable).with_name("py-spy"))
        options = ["--rate", "250", "--nolineno", "--output", str(GRAPH)]
        with served.under(spy, ["record", *options, "--"]) as process:
            uvloop.run(send(process, WHOLE, _REQUESTS))
            process.end_child()
    GRAPH.write_text(without_place(GRAPH.read_text("utf-8"), ROOT), "utf-8")
    print(f"written to {GRAPH.relative_to(ROOT)}: {GRAPH.stat().st_size // 1000} KB")


def without_place(graph: str, root: Path) -> str:
    """The graph without a trace of where on the machine it was made: py-spy puts its command line
    above it, and our folder's name before the names of our files."""
    return _TITLE.sub(rf"\g<1>{_NAME}", graph).replace(f"({root.name}/", "(")


if __name__ == "__main__":
    main()
