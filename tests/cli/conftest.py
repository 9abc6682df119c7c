"""The command line on a database of the test's own."""

from pathlib import Path

import pytest

from entrypoints.container import Database
from tests.support.command_line import Run, command_runner, in_process_runner


@pytest.fixture
def run(database: Database, tmp_path: Path) -> Run:
    """Within this process: what a command says and how it ends."""
    return in_process_runner(database, tmp_path)


@pytest.fixture
def run_alone(database: Database, tmp_path: Path) -> Run:
    """In a process of its own."""
    return command_runner(database, tmp_path)
