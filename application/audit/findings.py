"""Findings: each is one thing that the audit found wrong.

Programs decide by `kind` and `subject`, never by `problem`, which is written for people and may quote stored values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from application.errors import LogDamaged


class FindingKind(StrEnum):
    DAMAGE = "damage"
    """An event, an operator action, the tree or a checkpoint is not what was recorded."""
    DRIFT = "drift"
    """The read model differs from the log; a rebuild repairs it."""
    UNKNOWN_BATCH = "unknown_batch"
    """Neither the log nor the read model knows the batch."""
    UNUSABLE_CHECKPOINT = "unusable_checkpoint"
    """A kept checkpoint is not signed by a trusted key, so it proves nothing."""


class Table(StrEnum):
    """The table that a finding is about."""

    BATCH_EVENTS = "batch_events"
    AUDIT_ACTS = "audit_acts"
    SEALED_ENTRIES = "sealed_entries"
    TREE_NODES = "tree_nodes"
    CHECKPOINTS = "checkpoints"
    BATCH_JOBS = "batch_jobs"
    BUSY_REPORTS = "busy_reports"
    FINANCIAL_REPORTS = "financial_reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem and the record that it concerns.

    A finding about a batch names it, with the version of the event if there is one; a finding about the whole log names
    the checkpoint (by its size) or the operator action, or neither.
    """

    kind: FindingKind = FindingKind.DAMAGE
    table: Table
    column: str | None = None
    batch_id: UUID | None = None
    version: int | None = None
    checkpoint: int | None = None
    act_id: UUID | None = None
    problem: str

    @property
    def subject(self) -> str:
        """The table, or `table.column`: names from the schema alone, never a stored value."""
        return self.table if self.column is None else f"{self.table}.{self.column}"

    def __str__(self) -> str:
        concerned = (
            ("batch", self.batch_id),
            ("version", self.version),
            ("checkpoint", self.checkpoint),
            ("act", self.act_id),
        )
        named = " ".join(f"{name} {value}" for name, value in concerned if value is not None)
        return f"{named or 'the log'}: {self.problem}"

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON: `kind`, `subject`, the ids that it concerns, and `problem`."""
        return {
            "kind": self.kind,
            "subject": self.subject,
            "batch_id": self.batch_id,
            "version": self.version,
            "checkpoint": self.checkpoint,
            "act_id": self.act_id,
            "problem": self.problem,
        }


def damage_among(findings: Sequence[Finding]) -> Sequence[Finding]:
    return [finding for finding in findings if finding.kind is FindingKind.DAMAGE]


def drift_among(findings: Sequence[Finding]) -> Sequence[Finding]:
    return [finding for finding in findings if finding.kind is FindingKind.DRIFT]


class DamageFound(LogDamaged):
    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = findings
        super().__init__(f"The log is damaged: {findings[0]}. Run `fna-batch audit verify` for details.")
