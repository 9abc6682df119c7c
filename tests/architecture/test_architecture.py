"""Checks that the import contracts cannot make, and the house rules that a machine can check."""

import ast
import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest

from entrypoints.settings import Settings
from tests.removals import REMOVALS, Removal

ROOT = Path(__file__).parents[2]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINTER = CONFIG["tool"]["importlinter"]
PACKAGES = set(CONFIG["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
NOT_PACKAGED = {"tests", "benchmarks"}
SOURCES = [file for package in sorted(PACKAGES) for file in (ROOT / package).rglob("*.py")]


def test_every_top_level_package_is_under_contract() -> None:
    found = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    assert found - NOT_PACKAGED == PACKAGES == set(LINTER["root_packages"])


def test_every_adapter_is_independent_of_the_others() -> None:
    (contract,) = (each for each in LINTER["contracts"] if each["type"] == "independence")
    technologies = {f"adapters.{file.parent.name}" for file in (ROOT / "adapters").glob("*/__init__.py")}
    assert set(contract["modules"]) == technologies - {"adapters.codec"}, "the codec is what they share"


THIRD_PARTY_CONTRACTS = ("The domain is pure", "The application knows no third party")


def contract_named(name: str) -> dict[str, list[str]]:
    (contract,) = (each for each in LINTER["contracts"] if each["name"] == name)
    assert isinstance(contract, dict)
    return contract


@pytest.mark.parametrize("contract", [each for each in LINTER["contracts"] if each["type"] == "forbidden"])
def test_every_forbidden_name_is_spelled_as_a_module_that_exists(contract: dict[str, list[str]]) -> None:
    missing = [name for name in contract["forbidden_modules"] if importlib.util.find_spec(name) is None]
    assert missing == []


def test_every_third_party_that_the_code_uses_is_forbidden_inside() -> None:
    imported = {name.split(".")[0] for file in SOURCES for name in imports_of(file)}
    standard_or_own = {*PACKAGES, "tests", *__import__("sys").stdlib_module_names}
    third_parties = imported - standard_or_own - {"dotenv", "dateutil"}
    for name in THIRD_PARTY_CONTRACTS:
        assert third_parties - set(contract_named(name)["forbidden_modules"]) == set()


def test_the_contract_of_the_main_job_names_every_module_of_it() -> None:
    modules = {file.stem for file in (ROOT / "application").glob("*.py")} - {"__init__"} | {"ports"}
    contract = contract_named("The main job imports neither the audit nor the operations")
    assert set(contract["source_modules"]) == {f"application.{name}" for name in modules}


def imports_of(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def test_the_domain_imports_the_standard_library_alone() -> None:
    allowed = {"collections", "dataclasses", "datetime", "enum", "functools", "typing", "uuid", "domain"}
    imported = {name.split(".")[0] for file in (ROOT / "domain").rglob("*.py") for name in imports_of(file)}
    assert imported <= allowed


SQL = re.compile(r"""["'](?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|TRUNCATE|LISTEN|NOTIFY)\b""")


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_sql_lives_in_sql_files(file: Path) -> None:
    assert not SQL.search(file.read_text())


PORTS = sorted((ROOT / "application").glob("**/ports/*.py"))


@pytest.mark.parametrize("file", PORTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_ports_are_small_and_plain(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ClassDef):
            assert (node.end_lineno or 0) - node.lineno < 40
            assert not re.search(r"^I[A-Z]|^Abstract|Port$|Impl$", node.name)


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text()))


def test_requirements_are_pinned_with_hashes_and_name_no_address() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    pins = [line for line in lines if not line.startswith(" ")]
    assert all(re.match(r"[a-z0-9._-]+==\S+ .*\\$", line) for line in pins)


def test_every_setting_is_documented() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text()
    for name, setting in Settings.model_fields.items():
        assert f"| `{name.upper()}` | {shown(setting.default)} | {setting.description} |" in documented


def shown(default: object) -> str:
    """A default as docs/settings.md shows it."""
    if default is None:
        return "not set"
    if isinstance(default, dict):
        return "`" + json.dumps({str(tier): limit for tier, limit in default.items()}) + "`"
    return f"`{default}`"


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda removal: f"{removal.guarantee}: {removal.test}")
def test_every_removal_finds_its_place_and_its_guarantee_is_documented(removal: Removal) -> None:
    assert (ROOT / removal.file).read_text().count(removal.old) == 1
    assert f"| {removal.guarantee} |" in (ROOT / "docs" / "guarantees.md").read_text()
    file, *_, test = removal.test.split("::")
    assert f"def {test}(" in (ROOT / file).read_text()


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda removal: f"{removal.guarantee}: {removal.test}")
def test_the_page_of_guarantees_names_the_test_of_every_removal(removal: Removal) -> None:
    page = (ROOT / "docs" / "guarantees.md").read_text()
    (row,) = (line for line in page.splitlines() if line.startswith(f"| {removal.guarantee} |"))
    file, _, test = removal.test.partition("::")
    assert f"`{file}::" in row
    assert f"::{test}`" in row


def test_every_documented_guarantee_is_removed_once() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "guarantees.md").read_text(), re.MULTILINE)
    assert set(rows[1:]) == {removal.guarantee for removal in REMOVALS}
