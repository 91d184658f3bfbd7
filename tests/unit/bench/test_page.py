from pathlib import Path

import pytest

from bench.page import BEGIN, END, PAGE, write


def test_what_people_wrote_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Head\n\n{BEGIN}\n\nold\n\n{END}\n\nIdeas.\n")
    write(["new", "newer"], page)
    once = page.read_text()
    assert once == f"# Head\n\n{BEGIN}\n\nnew\n\nnewer\n\n{END}\n\nIdeas.\n"
    write(["new", "newer"], page)
    assert page.read_text() == once


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}\n{BEGIN}"])
def test_a_page_without_its_marks_is_left_alone(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(ValueError, match="has lost a mark"):
        write(["new"], page)
    assert page.read_text() == text


def test_the_page_has_its_marks() -> None:
    text = PAGE.read_text("utf-8")
    assert text.index(BEGIN) < text.index(END)
