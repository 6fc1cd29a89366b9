"""The `.env` file keeps what others wrote into it, is written whole or not at all, and is its owner's alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot.env_file import is_private, may_be_committed, merged, write
from engine.errors import RequestError

FOREIGN = """# tokens of the office
export EDITOR=vi

MULTI="first
SLACK_BOT_TOKEN=not-a-setting"
SLACK_BOT_TOKEN=old # from the app's page
A broken line
LAST=1"""


def test_foreign_lines_comments_and_order_stay() -> None:
    after = merged(FOREIGN, {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"})
    assert after == FOREIGN.replace("=old", "=xoxb-1") + "\nSLACK_APP_TOKEN=xapp-1\n"


def test_merging_again_changes_nothing() -> None:
    values = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "it's #1"}
    once = merged(FOREIGN, values)
    assert merged(once, values) == once


def test_windows_line_ends_and_export_stay() -> None:
    assert merged("export A=1\r\nB=2\r\n", {"A": "3"}) == "export A=3\r\nB=2\r\n"


def test_a_name_that_is_there_twice_means_the_same_twice() -> None:
    assert merged("A=1\nA=2\n", {"A": "3"}) == "A=3\nA=3\n"


LINE = st.one_of(
    st.just(""),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=20).map(lambda t: f"# {t}"),
    st.tuples(st.sampled_from(["A", "B", "C"]), st.sampled_from(["1", "'x y'", '"q # r"', "", "u # c"])).map("=".join),
)


@given(st.lists(LINE, max_size=6), st.text(st.characters(codec="ascii", exclude_characters="\r\n\x00"), max_size=30))
def test_whatever_is_written_is_read_back_and_the_rest_as_before(lines: list[str], value: str) -> None:
    from io import StringIO

    before = "\n".join(lines)
    after = dotenv_values(stream=StringIO(merged(before, {"B": value, "D": value})), interpolate=False)
    assert (after.pop("B"), after.pop("D")) == (value, value)
    was = dotenv_values(stream=StringIO(before), interpolate=False)
    was.pop("B", None)
    assert after == was


def test_a_new_file_is_its_owners_alone_and_an_open_one_is_closed(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert write(file, {"A": "1"})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    assert not is_private(file)
    assert write(file, {"A": "1"})
    assert is_private(file)
    assert not write(file, {"A": "1"})
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    (tmp_path / ".env").symlink_to(tmp_path / "vault" / "tokens")
    write(tmp_path / ".env", {"A": "1"})
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "vault" / "tokens").read_text("utf-8") == "A=1\n"


def test_what_cannot_be_written_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(RequestError) as refused:
        write(tmp_path / ".env", {"A": "1"})
    assert str(tmp_path / ".env") in refused.value.detail
    broken = tmp_path / "broken"
    broken.write_bytes(b"\xff")
    with pytest.raises(RequestError):
        write(broken, {"A": "1"})
    assert broken.read_bytes() == b"\xff"


def test_a_file_git_would_take_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert not may_be_committed(file)
    (tmp_path / ".git").mkdir()
    assert may_be_committed(file)
    (tmp_path / ".gitignore").write_text("dist/\n.env\n", "utf-8")
    assert not may_be_committed(file)
