"""The command line on a database of the test's own."""

from pathlib import Path

import pytest

from entrypoints.container import Database
from tests.support.builders import TEXT
from tests.support.command_line import Run, command_runner, in_process_runner


@pytest.fixture
def run(database: Database, tmp_path: Path) -> Run:
    """Run a command within this process; return its output and exit code."""
    return in_process_runner(database, tmp_path)


@pytest.fixture
def run_alone(database: Database, tmp_path: Path) -> Run:
    """Run a command in a process of its own; return its output and exit code."""
    return command_runner(database, tmp_path)


@pytest.fixture
def report(tmp_path: Path) -> str:
    """The path of a report that can be analysed."""
    file = tmp_path / "report.txt"
    file.write_bytes(TEXT)
    return str(file)


@pytest.fixture
def empty_report(tmp_path: Path) -> str:
    """The path of a report whose analysis fails with NO_NARRATIVE_TEXT."""
    file = tmp_path / "empty.html"
    file.write_text("<html></html>")
    return str(file)
