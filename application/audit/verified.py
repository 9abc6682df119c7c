"""Results of verifications, and their progress."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from application.audit.findings import Finding


class Phase(StrEnum):
    BATCHES = "batches"
    TREE = "tree"


OnProgress = Callable[[Phase, int, int], None]
"""Receives the phase, how much of it is done, and how much there is: batches, or entries of the tree."""


def ignore(_phase: Phase, _done: int, _total: int) -> None:
    """Receive progress that no one watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The result of a verification.

    - `batches` and `sealed`: the counts of batches and of entries in the tree that were checked.
    - `archived_below`: events of batches with lower ids may be in archive files; None if there are none.
    - `unsealed`: the count of events that no checkpoint covers yet, the oldest of them recorded at `unsealed_since`.
    """

    batches: int
    sealed: int
    archived_below: UUID | None
    unsealed: int
    unsealed_since: datetime | None
    findings: Sequence[Finding]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON."""
        return {
            "batches": self.batches,
            "sealed": self.sealed,
            "archived_below": self.archived_below,
            "unsealed": self.unsealed,
            "unsealed_since": self.unsealed_since,
            "findings": [finding.as_dict() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedPage:
    """`batches` were checked; `following` is the id after which the next page begins, None at the end."""

    batches: int
    findings: Sequence[Finding]
    following: UUID | None
