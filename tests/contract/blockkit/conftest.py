"""The schemas are made once per machine, before the first test and outside of its time limit."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tests.servers.blockkit import generate, schema


def pytest_collection_finish(session: pytest.Session) -> None:
    """Generate what is missing; without Node or a registry the tests that need it are skipped with the reason, or fail."""
    with suppress(generate.CannotGenerateError):  # told again by every test that needs them
        generate.ensure()
    schema.definitions.cache_clear()


@pytest.fixture
def schemas() -> None:
    """Skip, visibly, where the schemas could not be generated."""
    if not schema.available():
        pytest.skip(f"the schemas of Block Kit could not be generated here: {generate.why_not()}")
