"""Commands about the conversation as such."""

import pytest

from llm_proxy.pipeline.session_state import NOTHING, SessionState
from tests.unit.stages.commands.desks import desk, refused, run, stored

SET = SessionState("x:a", project="p", project_dir="/srv/p")


async def test_loop_detection_shows_and_sets_its_mode() -> None:
    at = desk()
    assert await run(at, "loop-detection") == "Loop detection: as the file says."
    assert await run(at, "loop-detection", "OFF") == "Loop detection is now off."
    assert at.state == SessionState(loop_detection="off")
    assert await run(at, "loop-detection") == "Loop detection: off."
    await run(at, "loop-detection", mode="on")
    assert at.state == SessionState(loop_detection="on")


async def test_loop_detection_has_six_modes() -> None:
    expected = 'there is no mode "of", only on, off, stop, retry, failover, warn'
    assert await refused(desk(), "loop-detection", "of") == expected
    expected = "the mode is empty; see !/help(loop-detection)"
    assert await refused(desk(), "loop-detection", "") == expected


async def test_project_shows_and_sets_its_name() -> None:
    at = desk()
    assert await run(at, "project") == "No project is set."
    assert await run(at, "project", " Blue whale ") == "The project is now Blue whale."
    assert at.state == SessionState(project="Blue whale")
    assert await run(at, "project") == "The project is Blue whale."


async def test_a_project_has_a_name_of_one_line() -> None:
    expected = "name: one line, please, without control characters"
    assert await refused(desk(SET), "project", "a\nb") == expected
    assert await refused(desk(SET), "project", "") == "the name is empty; see !/help(project)"


@pytest.mark.parametrize(
    "path", ["/", "/srv/it's", "~/code", r"C:\code", "d:/code", r"\\host\share", "/プロジェクト"]
)
async def test_a_folder_is_absolute_on_whatever_system(path: str) -> None:
    at = desk()
    assert await run(at, "project-dir", path) == f"The folder is now {path}"
    assert stored(at.state) == SessionState(project_dir=path)
    assert await run(at, "pwd") == await run(at, "project-dir") == path


@pytest.mark.parametrize("path", ["code", "./code", "..", "C:code", r"\code"])
async def test_a_folder_that_is_not(path: str) -> None:
    assert await refused(desk(SET), "project-dir", path) == f'"{path}" is no absolute path'


async def test_pwd_where_no_folder_is_set() -> None:
    assert await run(desk(), "pwd") == "No folder is set."
    assert await refused(desk(), "pwd", "/x") == "pwd takes nothing; see !/help(pwd)"


async def test_new_forgets_all() -> None:
    at = desk(SET)
    assert await run(at, "new") == "The session is forgotten."
    assert at.state == NOTHING
    assert (await at.settle()).session_state == NOTHING
    assert await refused(desk(SET), "new", "x") == "new takes nothing; see !/help(new)"
