"""Archiving: write the log into a file, and record which batches may be read from that file alone afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from application.audit.export import Export
from application.audit.findings import DamageFound, damage_among
from application.audit.ports.checkpoints import Checkpoints
from application.audit.ports.uncovered import Uncovered
from application.audit.proofs import NotSealed
from application.audit.sealer import Sealer
from application.audit.verification import Verification
from application.errors import ApplicationError
from application.log import instant
from application.operations.ports.storage import OperatorStorage
from application.operations.recorder import Recorder
from application.operator_actions import ActionKind, Attribution
from application.ports.clock import Clock

Write = Callable[[dict[str, Any]], None]
"""Write one line of the archive."""
Digest = Callable[[], str]
"""Make the file durable, and return the SHA-256 of it in hex."""


class StillRunning(ApplicationError):
    def __init__(self, before: datetime) -> None:
        super().__init__(f"Batches submitted before {instant(before)} are unfinished: wait for them, or cancel them.")


class NotYetPast(ApplicationError):
    def __init__(self, moment: datetime) -> None:
        super().__init__(f"{instant(moment)} lies in the future: archive up to an instant that has passed.")


class NothingToArchive(ApplicationError):
    def __init__(self, moment: datetime) -> None:
        super().__init__(f"No batch was submitted before {instant(moment)}: there is nothing to archive.")


class ArchivedLog(Checkpoints, Uncovered, Protocol):
    """The parts of the sealed log that archiving reads."""


def first_id_of(moment: datetime) -> UUID:
    """Return the least UUIDv7 of that millisecond: every batch submitted earlier has a lower id."""
    return UUID(int=int(moment.timestamp() * 1000) << 80 | 0x7 << 76 | 0x8 << 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """The archived part: the `events` of batches with ids below `before`, among the first `size` entries of the log.

    They may leave the database once a checkpoint covers the action that records the archive (`sealed`).
    """

    before: UUID
    size: int
    events: int
    sha256: str
    sealed: bool


class Archive:
    def __init__(
        self,
        storage: OperatorStorage,
        sealer: Sealer,
        log: ArchivedLog,
        export: Export,
        verification: Verification,
        record: Recorder,
        clock: Clock,
    ) -> None:
        self._storage, self._sealer, self._log, self._export = storage, sealer, log, export
        self._verification, self._record, self._clock = verification, record, clock

    async def __call__(self, moment: datetime, attribution: Attribution, write: Write, digest: Digest) -> Archived:
        """Write the log line by line, then record that batches submitted before the moment may leave the database.

        Raises NotYetPast, StillRunning, NothingToArchive, DamageFound, NotSealed, CannotSeal or StorageUnavailable.
        """
        before = first_id_of(moment)
        if moment > self._clock():
            raise NotYetPast(moment)
        size = await self._sealed_size(moment, before)
        events = await self._write(moment, before, size, write)
        await self._require_undamaged()
        sha256 = digest()
        async with self._storage.transaction() as tx:
            data = {"before": str(before), "size": size, "events": events, "sha256": sha256}
            action = await self._record(tx, ActionKind.ARCHIVE, attribution, data)
        await self._sealer.seal_all()
        unsealed = {each.action.act_id for each in await self._log.unsealed_actions()}
        return Archived(before=before, size=size, events=events, sha256=sha256, sealed=action.act_id not in unsealed)

    async def _sealed_size(self, moment: datetime, before: UUID) -> int:
        """Seal the log, and return the size of the latest checkpoint, which covers every batch below `before`."""
        await self._sealer.seal_all()
        if (await self._log.unsealed_tail(before))[0]:
            raise NotSealed(f"every batch submitted before {instant(moment)}")
        last = await self._log.latest()
        return 0 if last is None else last.size

    async def _write(self, moment: datetime, before: UUID, size: int, write: Write) -> int:
        """Write the export, and return the count of events of batches below `before`, all of them finished."""
        unfinished, events = set[str](), 0
        async for line in self._export(size):
            write(line)
            named = line.get("event") or line.get("archived") or {"batch_id": None}
            if (batch_id := named["batch_id"]) is not None and batch_id < str(before):
                events += 1
                unfinished.add(batch_id)
                if named.get("type", "Finished") == "Finished":
                    unfinished.discard(batch_id)
        if unfinished:
            raise StillRunning(moment)
        if not events:
            raise NothingToArchive(moment)
        return events

    async def _require_undamaged(self) -> None:
        """Refuse to archive a damaged log: the recorded archive would excuse missing events for ever."""
        verified = await self._verification.everything()
        if damage := damage_among(verified.findings):
            raise DamageFound(damage)
