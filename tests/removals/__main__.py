"""`make removals`: remove each guarantee once, in a copy of the tree, and see its test fail.

`python -m tests.removals WORD…` removes only the guarantees whose name or test contains one of the words.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.removals import REMOVALS, Removal

ROOT = Path(__file__).parents[2]
PARTS = ("domain", "application", "adapters", "entrypoints", "sql", "features", "tests", "samples", "docs")
FILES = ("pyproject.toml", "alembic.ini", "README.md")
AT_ONCE = 2
DEADLINE_S = 600


def main(words: Sequence[str]) -> int:
    """Remove the chosen guarantees; return 1 if a test still passes without its guarantee."""
    chosen = [each for each in REMOVALS if not words or any(word in each.guarantee + each.test for word in words)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        noticed = list(threads.map(is_noticed, chosen))
    unnoticed = [removal for removal, seen in zip(chosen, noticed, strict=True) if not seen]
    for removal in unnoticed:
        print(f"NOT NOTICED: {removal.guarantee} ({removal.file}), {removal.test}")
    return 1 if unnoticed else 0


def is_noticed(removal: Removal) -> bool:
    """Return whether the test passes with the guarantee and fails without it."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for part in PARTS:
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in FILES:
            shutil.copy(ROOT / file, copy / file)
        place = copy / removal.file
        text = place.read_text()
        assert text.count(removal.old) == 1, f"{removal.file} has changed: update the removal of {removal.guarantee!r}"
        before = exit_code_of(copy, removal.test)
        place.write_text(text.replace(removal.old, removal.new))
        after = exit_code_of(copy, removal.test)
    noticed = (before, after) == (0, 1)
    result = "noticed" if noticed else f"with it {before}, without {after}"
    print(f"{result}: {removal.guarantee}: {removal.test}", flush=True)
    return noticed


def exit_code_of(copy: Path, test: str) -> int:
    """Run a test in the copy; return 0 if it passed, 1 if it failed, another code if pytest could not run it."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-o", "faulthandler_timeout=60", test],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
