"""The documents: line lengths, links, anchors, and paths of files that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / folder / "README.md" for folder in (".", "samples", "tests")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
TOP_LEVEL = "domain|application|adapters|entrypoints|sql|tests|benchmarks|docs|features|samples|deploy"
PATH = re.compile(rf"`((?:{TOP_LEVEL})/[\w./-]*)(?:::[^`]*)?`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
LONGEST_LINE = 100
CODE_SPAN = re.compile(r"`[^`]*`")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose_lines(page: Path) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines outside code fences."""
    in_fence = False
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        if line.lstrip().startswith("```"):
            in_fence = not in_fence
        elif not in_fence:
            yield number, line


@each_page
def test_lines_outside_tables_are_at_most_100_columns(page: Path) -> None:
    long = [
        number
        for number, line in prose_lines(page)
        if len(line) > LONGEST_LINE and not line.startswith("|") and " " in line.strip().removeprefix("- ")
    ]
    assert long == []


@each_page
def test_relative_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    broken = []
    for _, line in prose_lines(page):
        for target in LINK.findall(CODE_SPAN.sub("", line)):
            if "://" in target:
                continue
            name, _, anchor = target.partition("#")
            file = page.parent / name if name else page
            if not file.exists() or (anchor and anchor not in anchors_of(file)):
                broken.append(target)
    assert broken == []


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = (line.lstrip("#").strip() for _, line in prose_lines(page) if line.startswith("#"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_paths_in_backticks_exist(page: Path) -> None:
    named = (path for _, line in prose_lines(page) for path in PATH.findall(line))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_glossary_is_alphabetical() -> None:
    terms = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)[1:]
    assert terms == sorted(terms, key=str.lower)
