from pathlib import Path

from bench.flame import without_place


def test_a_graph_does_not_tell_where_it_was_made() -> None:
    made = '<text id="title" x="5">/some/where/py-spy record</text><title>f (here/web/a.py) (1)'
    assert without_place(made, Path("/some/here")) == (
        '<text id="title" x="5">One request, by the server\'s CPU time (py-spy)</text>'
        "<title>f (web/a.py) (1)"
    )
