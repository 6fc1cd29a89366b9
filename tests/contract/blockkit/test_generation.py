"""The schemas are made anew from locked sources; where they cannot be made, that is said, or it is a failure."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.servers.blockkit import generate


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing was generated, and Node is not to be found."""
    target = tmp_path / "blockkit"
    monkeypatch.setattr(generate, "TARGET", target)
    monkeypatch.setattr(generate, "SCHEMA", target / "schema.json")
    monkeypatch.setattr(generate, "NEEDED", None)
    monkeypatch.setattr(generate, "_node", lambda: (str(tmp_path / "no-node"), "npm"))
    return target


def test_the_lock_pins_every_package_by_hash_and_names_no_host() -> None:
    lock = json.loads((generate.SOURCES / "package-lock.json").read_text("utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert len(packages) > 20
    assert all("integrity" in package and "resolved" not in package for package in packages.values())
    assert (
        lock["packages"][""]["dependencies"]
        == json.loads((generate.SOURCES / "package.json").read_text())["dependencies"]
    )


def test_where_they_cannot_be_made_the_reason_is_kept_and_the_network_is_left_alone_for_a_while(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert generate.ensure() is None
    assert "npm ci" in generate.why_not()
    assert "no-node" in generate.why_not()
    asked: list[str] = []
    monkeypatch.setattr(generate, "generate", lambda: asked.append("again"))
    assert generate.ensure() is None
    assert asked == []
    monkeypatch.setattr(generate, "REMEMBERED_SECONDS", 0)
    assert generate.ensure() is None
    assert asked == ["again"]


def test_where_they_are_needed_it_is_a_failure_every_time(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert generate.ensure() is None
    monkeypatch.setattr(generate, "NEEDED", "1")
    with pytest.raises(generate.CannotGenerateError, match="npm ci"):
        generate.ensure()


def test_schemas_made_from_other_sources_are_not_taken_for_current(
    tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "npm"
    shutil.copytree(generate.SOURCES, sources)
    monkeypatch.setattr(generate, "SOURCES", sources)
    elsewhere.mkdir()
    generate.SCHEMA.write_text("{}")
    (elsewhere / "made-from").write_text(generate._fingerprint())
    assert generate.current()
    (sources / "shapes.ts").write_text("export type Shapes = never;\n")
    assert not generate.current()
