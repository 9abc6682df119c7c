"""House rules about errors, ports and sizes that a machine can check."""

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import application
from application import errors
from application.errors import ApplicationError
from entrypoints.container import Container

ROOT = Path(__file__).parents[2]
PRODUCT = ("domain", "application", "adapters", "entrypoints", "sql")
MODULES = sorted(file for package in PRODUCT for file in (ROOT / package).rglob("*.py"))
MOST_LINES = 200
RAW_PORTS = {
    "storage",
    "operator_storage",
    "codec",
    "audit_source",
    "sealed_log",
    "witness",
    "signer",
    "shadow_tables",
    "batch_audit",
    "tree_audit",
}
"""Providers that only use cases may take: ports, and the parts of the audit behind its front door."""


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_module_is_longer_than_a_reader_wants(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= MOST_LINES


def drawn_tree() -> dict[str, str | None]:
    """Each error in the docstring of `application.errors`, with the error above it."""
    parents: dict[str, str | None] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if drawn := re.match(r"([│ ]*(?:[├└]── )?)([A-Z]\w+)(?: {2,}|$)", line):
            depth = len(drawn[1]) // 4
            path[depth:] = [drawn[2]]
            parents[drawn[2]] = path[depth - 1] if depth else None
    return parents


def defined_tree() -> dict[str, str | None]:
    for module in pkgutil.walk_packages(application.__path__, "application."):
        importlib.import_module(module.name)
    parents: dict[str, str | None] = {ApplicationError.__name__: None}
    pending: list[type[ApplicationError]] = [ApplicationError]
    while pending:
        parent = pending.pop()
        for child in parent.__subclasses__():
            if child.__module__.startswith("application."):
                parents[child.__name__] = parent.__name__
                pending.append(child)
    return parents


def test_the_tree_of_errors_is_drawn_as_it_is_defined() -> None:
    assert drawn_tree() == defined_tree()


def test_every_exception_of_the_application_is_in_the_tree() -> None:
    outside = []
    for file in (ROOT / "application").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef) and {"Exception", "ValueError"} >= {ast.unparse(b) for b in node.bases}:
                outside += [node.name] if node.bases else []
    assert outside == [ApplicationError.__name__]


def test_the_raw_ports_are_providers_of_the_container() -> None:
    assert set(Container.providers) >= RAW_PORTS


@pytest.mark.parametrize(
    "file", sorted((ROOT / "entrypoints").rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT))
)
def test_entry_points_reach_no_raw_port(file: Path) -> None:
    if file.name == "container.py":
        return
    tree = ast.parse(file.read_text())
    reached = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert reached & RAW_PORTS == set()
