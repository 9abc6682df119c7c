"""The command line on a database of the test's own."""

from pathlib import Path

import pytest

from entrypoints.container import Database
from tests.command import Run, runner


@pytest.fixture
def run(database: Database, tmp_path: Path) -> Run:
    return runner(database, tmp_path)
