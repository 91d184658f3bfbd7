from llm_proxy.pipeline.dialects.openai_responses.write_parts import (
    written_content,
    written_part,
)
from llm_proxy.pipeline.parts import Document, Image, Media, Reasoning, Text


def test_plain_texts_are_one_string() -> None:
    assert "ab" == written_content([Text("a"), Text("b")], said=False)
    assert "" == written_content([], said=True)


def test_texts_have_the_name_of_who_says_them() -> None:
    image = Image(Media("image/png", "QQ=="))
    asked, _ = written_content([Text("a"), image], said=False)
    said, _ = written_content([Text("a"), image], said=True)
    assert {"type": "input_text", "text": "a"} == asked
    assert {"type": "output_text", "annotations": [], "text": "a"} == said


def test_files() -> None:
    assert {"type": "input_file", "file_id": "f"} == written_part(Document(Media(file_id="f")))
    named = written_part(Document(Media("application/pdf", "QQ==")))
    assert named is not None
    assert "document.pdf" == named["filename"]


def test_what_is_no_content() -> None:
    assert written_part(Reasoning("a")) is None
