"""The output of commands: tables and bars on a terminal, plain lines elsewhere, JSON with --json."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


class WrongUse(Exception):
    """The command was used wrongly: exit 2."""


class BadAnswer(Exception):
    """The command worked, and the answer is bad: exit 1."""


def console() -> Console:
    """Return a console that is wide enough for tables when there is no terminal."""
    return Console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 160)


def print_json(value: object) -> None:
    print(json.dumps(ANYTHING.dump_python(value, mode="json"), indent=2, ensure_ascii=False))


def plain_name(file: Path) -> str:
    """Return a file's name without control characters and undecodable bytes."""
    name = os.fsencode(file.name).decode("utf-8", errors="replace")
    return "".join(char if char.isprintable() else "?" for char in name)


class ProgressLine:
    """Shows progress: a bar on a terminal, elsewhere a line for each change."""

    def __init__(self, bar: Progress | None, label: str, total: int) -> None:
        self._bar, self._label, self._total = bar, label, total
        self._last: tuple[int, str] | None = None
        self._task = bar.add_task(label, total=total, note="") if bar else None

    def show(self, done: int, note: str = "") -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, note=note)
        elif (done, note) != self._last:
            print(f"{self._label}: {done} of {max(done, self._total)} {note}".rstrip(), file=sys.stderr)
        self._last = (done, note)

    def show_thousandths(self, done: int) -> None:
        """Show the progress once in a thousand steps."""
        if done % 1000 == 0:
            self.show(done)


@contextmanager
def progress(label: str, total: int) -> Iterator[ProgressLine]:
    if not sys.stderr.isatty():
        yield ProgressLine(None, label, total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield ProgressLine(bar, label, total)
