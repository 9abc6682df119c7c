"""Archiving: the log into a file, and a record of which batches may be read from there alone afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from application.audit.batch_audit import BatchAudit, DamageFound
from application.audit.export import Export
from application.audit.ports.sealed_log import SealedLog
from application.audit.proofs import NotSealed
from application.audit.sealer import Sealer
from application.audit.tree_audit import TreeAudit
from application.errors import ApplicationError
from application.log import instant
from application.operations.recorder import Recorder
from application.operator_actions import ActionKind, Attribution
from application.ports.clock import Clock
from application.ports.storage import Storage


class StillRunning(ApplicationError):
    def __init__(self, before: datetime) -> None:
        super().__init__(f"Batches submitted before {instant(before)} are unfinished: wait, or cancel them.")


class NotYetPast(ApplicationError):
    def __init__(self, moment: datetime) -> None:
        super().__init__(f"{instant(moment)} is not over yet: what is still to come cannot be archived.")


class NothingToArchive(ApplicationError):
    def __init__(self, moment: datetime) -> None:
        super().__init__(f"No batch was submitted before {instant(moment)}: there is nothing to archive.")


def first_id_of(moment: datetime) -> UUID:
    """The least UUIDv7 of that millisecond: every batch submitted earlier has a lower id."""
    return UUID(int=int(moment.timestamp() * 1000) << 80 | 0x7 << 76 | 0x8 << 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """Batches with an id below `before` lie in the file whole: `events` of the first `size` entries of the log.

    They may leave the database once the act that says so is `sealed`.
    """

    before: UUID
    size: int
    events: int
    sha256: str
    sealed: bool


class Archive:
    def __init__(
        self,
        storage: Storage,
        sealer: Sealer,
        log: SealedLog,
        export: Export,
        audit: BatchAudit,
        seals: TreeAudit,
        record: Recorder,
        clock: Clock,
    ) -> None:
        self._storage, self._sealer, self._log, self._export = storage, sealer, log, export
        self._audit, self._seals, self._record, self._clock = audit, seals, record, clock

    async def __call__(
        self, moment: datetime, why: Attribution, write: Callable[[dict[str, Any]], None], digest: Callable[[], str]
    ) -> Archived:
        """Write the log line by line, then record that batches submitted before that moment may leave the database.

        `digest` gives the SHA-256 of what was written, and leaves it where it outlives this process.

        Raises NotYetPast, StillRunning, NothingToArchive, DamageFound, NotSealed, CannotSeal or StorageUnavailable.
        """
        before = first_id_of(moment)
        if moment > self._clock():
            raise NotYetPast(moment)
        await self._sealer.seal_all()
        if (await self._log.unsealed_tail(before))[0]:
            raise NotSealed(f"every batch submitted before {instant(moment)}")
        last = await self._log.latest()
        size = 0 if last is None else last.size
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
        await self._sound()
        sha256 = digest()
        async with self._storage.transaction() as tx:
            data = {"before": str(before), "size": size, "events": events, "sha256": sha256}
            act = await self._record(tx, ActionKind.ARCHIVE, why, data)
        await self._sealer.seal_all()
        unsealed = {each.act.act_id for each in await self._log.unsealed_actions()}
        return Archived(before=before, size=size, events=events, sha256=sha256, sealed=act.act_id not in unsealed)

    async def _sound(self) -> None:
        """What is missing already would be excused by the act, for ever. Raises DamageFound."""
        async for _, found in self._seals.verify():
            if found:
                raise DamageFound(found)
        async for _, found in self._audit.verify():
            if damage := [finding for finding in found if finding.version is not None]:
                raise DamageFound(damage)
