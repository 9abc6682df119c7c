"""Operator actions: what operators and workers do to the system besides the events of batches.

They are stored in `audit_acts`, hashed, and included in the signed tree like events.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from application.log import canonical_json, instant

HASHED_AS = b"fna-batch act 1\n"


class ActionKind(StrEnum):
    """docs/event-log.md describes the `data` of each kind."""

    REBUILD = "rebuild"
    REPAIR = "repair"
    REDISPATCH = "redispatch"
    CLEANUP = "cleanup"
    ERASE = "erase"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The actor of an operation (as in `Metadata`) and the reason that they gave."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAction:
    """One row of `audit_acts`."""

    act_id: UUID
    kind: str
    actor: str
    reason: str
    data: Mapping[str, Any]
    recorded_at: datetime

    def computed_hash(self) -> bytes:
        """Return SHA-256 over a fixed line and the canonical JSON (RFC 8785) of the action; see docs/verify.md."""
        return hashlib.sha256(HASHED_AS + canonical_json(self.hashed())).digest()

    def hashed(self) -> dict[str, Any]:
        """Return the fields that the hash covers, as JSON."""
        return {
            "act_id": str(self.act_id),
            "kind": self.kind,
            "actor": self.actor,
            "reason": self.reason,
            "data": self.data,
            "recorded_at": instant(self.recorded_at),
        }
