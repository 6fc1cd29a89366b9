"""The sample workspace: believable, repeatable, never over somebody's own files."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.ports.clock import Clock
from engine.ports.documents import DocumentQuery
from integrations.local_workspace import open_workspace
from integrations.local_workspace.hebrew import language_of
from integrations.local_workspace.sample import create_sample
from integrations.local_workspace.sample_documents import sample_documents

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize("today", [TODAY, date(2026, 1, 1), date(2026, 12, 31), date(2028, 2, 29), date(2027, 1, 12)])
def test_there_are_forty_documents_with_december_and_the_last_weeks_among_them(today: date) -> None:
    documents = sample_documents(today)
    assert len(documents) >= 40
    assert len({document.path for document in documents}) == len(documents)
    assert sum(document.day.month == 12 for document in documents) >= 12
    assert sum(today - timedelta(days=28) <= document.day <= today for document in documents) >= 6
    assert all(document.day <= today for document in documents)
    suffixes = [document.path.rsplit(".", 1)[1] for document in documents]
    assert (suffixes.count("docx") >= 4, suffixes.count("pdf") >= 2, "txt" in suffixes) == (True, True, True)
    languages = [language_of(document.text) for document in documents]
    assert min(languages.count("he"), languages.count("en")) >= 12


async def test_the_story_finds_what_was_done_in_december(tmp_path: Path, clock: Clock) -> None:
    create_sample(tmp_path, TODAY)
    workspace = open_workspace(tmp_path, clock)
    query = DocumentQuery(terms=("בדצמבר", "בתבואות", "האסטרטגיה"), since=date(2025, 12, 1), until=date(2025, 12, 31))
    found = await workspace.documents.search(query)
    assert found.problems == ()
    assert found.searched >= 40
    assert sum(item.path.startswith("strategy/") for item in found.items[:4]) >= 3
    assert all("2025-12" in item.path for item in found.items)
    texts = [await workspace.documents.read(item.path) for item in found.items]
    workspace.close()
    joined = "\n".join(line for text in texts for line in text.lines)
    for word in (
        "יואב לוי",
        "Yoav Levi",
        "החלטה:",
        "יעד:",
        "סיכון:",
        "הצעד הבא:",
        "Decision:",
        "Goal:",
        "Risk:",
        "Next:",
    ):
        assert word in joined


async def test_the_week_is_busy_and_has_gaps(tmp_path: Path, clock: Clock) -> None:
    create_sample(tmp_path, TODAY)
    workspace = open_workspace(tmp_path, clock)
    starts = datetime(2026, 11, 22, tzinfo=UTC)
    found = await workspace.calendar.between(starts, starts + timedelta(days=7))
    workspace.close()
    assert found.problems == ()
    assert 8 <= len(found.items) <= 20
    assert all(entry.ends - entry.starts <= timedelta(hours=3) for entry in found.items)


def test_the_same_day_makes_the_same_files_and_an_existing_workspace_is_left_alone(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for root in (one, two):
        create_sample(root, TODAY)
    files = {path.relative_to(one): path for path in one.rglob("*") if path.is_file() and path.suffix != ".docx"}
    assert all((two / name).read_bytes() == path.read_bytes() for name, path in files.items())
    assert sorted(path.name for path in one.iterdir()) == ["calendar.ics", "contacts.vcf", "docs", "outbox"]
    assert list((one / "outbox").iterdir()) == list((one / "docs" / "agendas").iterdir()) == []
    own = tmp_path / "own"
    (own / "docs").mkdir(parents=True)
    create_sample(own, TODAY)
    assert [path.name for path in own.iterdir()] == ["docs"]
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "contacts.vcf").write_text("mine", encoding="utf-8")
    create_sample(tmp_path / "half", TODAY)
    assert (tmp_path / "half" / "contacts.vcf").read_text(encoding="utf-8") == "mine"
