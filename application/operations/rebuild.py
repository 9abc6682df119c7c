"""Setting the read model right: one batch under its row's lock, or all of it into a table aside that is swapped in."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from application.audit.batch_audit import BatchAudit, DamageFound, Finding
from application.audit.ports.audit_source import AuditSource
from application.errors import ApplicationError, StorageUnavailable, UnknownToTheLog
from application.handler import CommandHandler, in_transaction
from application.log import RecordedEvent
from application.operations.ports.shadow_table import ShadowTables
from application.operations.recorder import Recorder
from application.operator_actions import ActionKind, Attribution
from application.ports.codec import EventCodec
from application.ports.storage import Storage, Transaction
from application.read_model import BatchJob, differing, project_all

NAMED = 100
"""Batches that a rebuild names."""
PAGE = 500


class RebuildRuns(ApplicationError):
    def __init__(self) -> None:
        super().__init__("Another rebuild is running: wait until it has ended.")


@dataclass(kw_only=True)
class Progress:
    """How far a rebuild is: of `batches`, how many had drifted, and how many are damaged, so that they give no row.

    `drifted_first` and `damage` name the first of each; `audit verify` names all.
    """

    batches: int = 0
    drifted: int = 0
    drifted_first: list[UUID] = field(default_factory=list)
    damaged: int = 0
    damage: list[Finding] = field(default_factory=list)
    rewritten: int = 0
    added: int = 0
    removed: int = 0


class Rebuild:
    def __init__(
        self,
        storage: Storage,
        handler: CommandHandler,
        audit: BatchAudit,
        source: AuditSource,
        record: Recorder,
        aside: ShadowTables,
    ) -> None:
        self._storage, self._handler, self._audit, self._source = storage, handler, audit, source
        self._record, self._aside = record, aside

    async def repair(self, batch_id: UUID, why: Attribution) -> Sequence[Finding]:
        """Project one batch anew where its row, or its reports' statuses, are not what the log says.

        What was wrong is recorded with who repaired it and why; it is empty where nothing was.

        Raises DamageFound, UnknownToTheLog or StorageUnavailable.
        """
        found, _ = await self._restore(batch_id, why)
        return found

    async def rebuild(self, why: Attribution) -> AsyncIterator[Progress]:
        """All of it, while everybody goes on; gives how far it is, the last time when it is done.

        Finished batches are projected into a table aside, which replaces their rows in one transaction: nobody
        writes those any more. Unfinished ones are projected anew under their rows' locks. Killed at any point it
        leaves what was before. Raises RebuildRuns or StorageUnavailable.
        """
        progress = Progress()
        async with self._aside.open() as aside:
            if aside is None:
                raise RebuildRuns
            by_hand: list[UUID] = []
            page: list[BatchJob] = []
            async for audited in self._source.batches(page=PAGE):
                found = self._audit.check(audited)
                progress.batches += 1
                if any(finding.version is not None for finding in found):
                    progress.damaged += 1
                    progress.damage += found[: NAMED - len(progress.damage)]
                    continue
                if found:
                    progress.drifted += 1
                    progress.drifted_first += [audited.batch_id][: NAMED - len(progress.drifted_first)]
                job = self._audit.expected(audited)
                if job is not None and job.status.is_final:
                    page.append(job)
                beside_the_row = any(not finding.problem.startswith("batch_jobs") for finding in found)
                if found and (job is None or not job.status.is_final or beside_the_row):
                    by_hand.append(audited.batch_id)
                if len(page) == PAGE:
                    await aside.add(page)
                    page = []
                    yield progress
            await aside.add(page)
            data = {"batches": progress.batches, "drifted": list(map(str, progress.drifted_first))}
            async with aside.swapping(self._audit.kept_since) as (tx, swapped):
                progress.rewritten, progress.added = swapped
                await self._record(tx, ActionKind.REBUILD, why, data | {"rewritten": swapped[0], "added": swapped[1]})
        for batch_id in by_hand:
            _, removed = await self._restore(batch_id, why)
            progress.removed += removed
        yield progress

    async def _restore(self, batch_id: UUID, why: Attribution) -> tuple[Sequence[Finding], bool]:
        """What was wrong, and whether the row was removed, since it has no place in the read model."""

        async def work(tx: Transaction) -> tuple[Sequence[Finding], bool]:
            await tx.repair.keep_erasure_out()
            await tx.repair.lock(batch_id)
            audited = await self._source.batch(batch_id)  # again: it may have been removed, or repaired, meanwhile
            if not (audited.events or audited.job or audited.unreadable or audited.busy):
                raise UnknownToTheLog(batch_id, archived=audited.archived and bool(audited.leaves))
            found = self._audit.check(audited)
            if any(finding.version is not None for finding in found):
                raise DamageFound(found)
            if not found:
                return found, False
            data = {"batch_id": str(batch_id), "found": [finding.about for finding in found]}
            await self._record(tx, ActionKind.REPAIR, why, data)
            expected = self._audit.expected(audited)
            if expected is not None:
                await tx.repair.hold(expected)
                job, _ = await self._handler.job(tx, batch_id)
                await tx.repair.restore(job or expected)
                return found, False
            await tx.repair.remove(batch_id)
            if audited.events and not audited.erased:
                await tx.repair.restore_statuses(self._audit.projected(audited))
            return found, audited.job is not None or audited.unreadable is not None

        return await in_transaction(self._storage, work)


Projector = Callable[[BatchJob | None, RecordedEvent], BatchJob]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What another projector would make of a batch: `fields` by name, as they are and as they would be."""

    batch_id: UUID
    fields: dict[str, tuple[object, object]]
    error: str | None = None


class Replay:
    """The whole log through another projector, into a table aside that is never swapped in."""

    def __init__(self, source: AuditSource, codec: EventCodec, aside: ShadowTables) -> None:
        self._source, self._codec, self._aside = source, codec, aside

    async def __call__(self, projector: Projector) -> AsyncIterator[tuple[UUID, Difference | None]]:
        """Each batch, with what would differ.

        Raises RebuildRuns or StorageUnavailable.
        """
        async with self._aside.open() as aside:
            if aside is None:
                raise RebuildRuns
            async for audited in self._source.batches(page=PAGE):
                if not audited.events:
                    continue  # archived, or not in the log at all
                try:
                    stream = [self._codec.decode(stored) for stored in audited.events]
                    other = _projected(projector, stream)
                    fields = differing(project_all(stream), other)
                    await aside.add([other])
                except StorageUnavailable:
                    raise
                except Exception as refused:
                    error = f"{type(refused).__name__}: {refused}"
                    yield audited.batch_id, Difference(batch_id=audited.batch_id, fields={}, error=error)
                    continue
                different = Difference(batch_id=audited.batch_id, fields=fields) if fields else None
                yield audited.batch_id, different


def _projected(projector: Projector, stream: Sequence[RecordedEvent]) -> BatchJob:
    job: BatchJob | None = None
    for recorded in stream:
        job = projector(job, recorded)
    if job is None:
        raise ValueError("an empty stream has no row")
    return job
