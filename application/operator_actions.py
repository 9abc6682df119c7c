"""What operators and workers do to the system besides the lives of batches: stored, hashed and sealed like events."""

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
    """`data` of each: see docs/event-log.md."""

    REBUILD = "rebuild"
    REPAIR = "repair"
    REDISPATCH = "redispatch"
    CLEANUP = "cleanup"
    ERASE = "erase"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Who acts, and the reason given: `actor` as in `Metadata`."""

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
        """SHA-256 over a fixed line and the RFC 8785 canonical JSON of the act; see docs/verify.md."""
        return hashlib.sha256(HASHED_AS + canonical_json(self.hashed())).digest()

    def hashed(self) -> dict[str, Any]:
        """What the hash covers, as JSON."""
        return {
            "act_id": str(self.act_id),
            "kind": self.kind,
            "actor": self.actor,
            "reason": self.reason,
            "data": self.data,
            "recorded_at": instant(self.recorded_at),
        }
