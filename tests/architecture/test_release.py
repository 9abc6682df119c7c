"""The version of the package is documented, and the guide for contributors names commands that exist."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_version_of_the_package_has_a_dated_heading_in_the_changelog() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)


def test_the_changelog_begins_with_what_is_unreleased_and_lists_the_newest_release_first() -> None:
    first, *released = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first == "Unreleased"
    versions = [tuple(map(int, heading.split(" - ")[0].split("."))) for heading in released]
    assert versions == sorted(versions, reverse=True)


def test_every_make_target_named_in_contributing_exists() -> None:
    named = set(re.findall(r"(?:`|\$ )make ([a-z]+)", (ROOT / "CONTRIBUTING.md").read_text()))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named - targets == set()
