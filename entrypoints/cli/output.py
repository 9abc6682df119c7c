"""How commands answer: for people on a terminal, plain lines elsewhere, JSON when asked."""

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

AsJson = Annotated[bool, typer.Option("--json", help="Answer with JSON on stdout.")]
ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


class WrongUse(Exception):
    """Exit 2."""


class BadAnswer(Exception):
    """Exit 1."""


def console() -> Console:
    """Wide enough for tables where there is no terminal."""
    return Console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 160)


def print_json(value: object) -> None:
    print(json.dumps(ANYTHING.dump_python(value, mode="json"), indent=2, ensure_ascii=False))


def plain_name(file: Path) -> str:
    """A file's name without what a terminal would obey or an encoding would refuse."""
    name = os.fsencode(file.name).decode("utf-8", errors="replace")
    return "".join(char if char.isprintable() else "?" for char in name)


class ProgressLine:
    """Tells how far something is: a bar on a terminal, a line for each change elsewhere."""

    def __init__(self, bar: Progress | None, what: str, total: int) -> None:
        self._bar, self._what, self._total = bar, what, total
        self._last: tuple[int, str] | None = None
        self._task = bar.add_task(what, total=total, note="") if bar else None

    def show(self, done: int, note: str = "") -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, note=note)
        elif (done, note) != self._last:
            print(f"{self._what}: {done} of {max(done, self._total)} {note}".rstrip(), file=sys.stderr)
        self._last = (done, note)

    def sometimes(self, done: int) -> None:
        """Show each thousandth."""
        if done % 1000 == 0:
            self.show(done)


@contextmanager
def progress(what: str, total: int) -> Iterator[ProgressLine]:
    if not sys.stderr.isatty():
        yield ProgressLine(None, what, total)
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
        yield ProgressLine(bar, what, total)
