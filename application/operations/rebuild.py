"""Repairing the read model from the log: one batch under its row's lock, or all batches by a blue-green rebuild."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from application.audit.batch_audit import BatchAudit
from application.audit.findings import DamageFound, Finding, Table, damage_among
from application.audit.ports.audit_source import AuditedBatch, AuditSource
from application.errors import ApplicationError, UnknownToTheLog
from application.handler import CommandHandler, in_transaction
from application.operations.ports.shadow_table import ShadowTable, ShadowTables
from application.operations.ports.storage import OperatorStorage, OperatorTransaction
from application.operations.recorder import Recorder
from application.operator_actions import ActionKind, Attribution
from application.read_model import BatchJob

NAMED = 100
"""Batches that a rebuild names."""
PAGE = 500


class RebuildRuns(ApplicationError):
    def __init__(self) -> None:
        super().__init__("Another rebuild is running: wait until it has ended.")


@dataclass(kw_only=True)
class Progress:
    """The progress of a rebuild, as counts of batches: checked, drifted, damaged, rewritten, added, removed.

    A damaged batch is skipped. `drifted_first` and `damage` name the first of each; `audit verify` names all.
    """

    batches: int = 0
    drifted: int = 0
    drifted_first: list[UUID] = field(default_factory=list)
    damaged: int = 0
    damage: list[Finding] = field(default_factory=list)
    rewritten: int = 0
    added: int = 0
    removed: int = 0

    def count(self, batch_id: UUID, findings: Sequence[Finding]) -> None:
        self.batches += 1
        if damage_among(findings):
            self.damaged += 1
            self.damage += findings[: NAMED - len(self.damage)]
        elif findings:
            self.drifted += 1
            self.drifted_first += [batch_id][: NAMED - len(self.drifted_first)]


class Rebuild:
    def __init__(
        self,
        storage: OperatorStorage,
        handler: CommandHandler,
        audit: BatchAudit,
        source: AuditSource,
        record: Recorder,
        shadow_tables: ShadowTables,
    ) -> None:
        self._storage, self._handler, self._audit, self._source = storage, handler, audit, source
        self._record, self._shadow_tables = record, shadow_tables

    async def batch(self, batch_id: UUID, attribution: Attribution) -> Sequence[Finding]:
        """Repair the row of one batch, the statuses of its reports and its reservations; return the drift, if any.

        A repair is recorded with the columns that had drifted.

        Raises DamageFound, UnknownToTheLog or StorageUnavailable.
        """
        findings, _ = await self._repair(batch_id, attribution)
        return findings

    async def everything(self, attribution: Attribution) -> AsyncIterator[Progress]:
        """Rebuild the read model while the service runs; yield the progress, the last time at the end.

        Rows of finished batches are projected into a shadow table and replaced in one transaction, because nothing
        writes to them any more. The other drifted rows are repaired afterwards, each under its lock in a transaction
        of its own. A rebuild that is killed before it replaces rows changes nothing. Raises RebuildRuns or
        StorageUnavailable.
        """
        progress = Progress()
        async with self._shadow_tables.open() as shadow:
            if shadow is None:
                raise RebuildRuns
            to_repair: list[UUID] = []
            page: list[BatchJob] = []
            async for audited in self._source.batches(page=PAGE):
                findings = self._audit.check(audited)
                progress.count(audited.batch_id, findings)
                if damage_among(findings):
                    continue
                job = self._audit.expected(audited)
                goes_to_shadow = job is not None and job.status.is_final
                if job is not None and goes_to_shadow:
                    page.append(job)
                if any(not goes_to_shadow or finding.table is not Table.BATCH_JOBS for finding in findings):
                    to_repair.append(audited.batch_id)
                if len(page) == PAGE:
                    await shadow.add(page)
                    page = []
                    yield progress
            await shadow.add(page)
            await self._swap(shadow, progress, attribution)
        for batch_id in to_repair:
            _, removed = await self._repair(batch_id, attribution)
            progress.removed += removed
        yield progress

    async def _swap(self, shadow: ShadowTable, progress: Progress, attribution: Attribution) -> None:
        async with shadow.swap(self._audit.kept_since) as (tx, (rewritten, added)):
            progress.rewritten, progress.added = rewritten, added
            data = {
                "batches": progress.batches,
                "drifted": list(map(str, progress.drifted_first)),
                "rewritten": rewritten,
                "added": added,
            }
            await self._record(tx, ActionKind.REBUILD, attribution, data)

    async def _repair(self, batch_id: UUID, attribution: Attribution) -> tuple[Sequence[Finding], bool]:
        """Return the drift that was repaired, and whether the row was removed because the log gives none."""

        async def work(tx: OperatorTransaction) -> tuple[Sequence[Finding], bool]:
            return await self._repair_in(tx, batch_id, attribution)

        return await in_transaction(self._storage.transaction, work)

    async def _repair_in(
        self, tx: OperatorTransaction, batch_id: UUID, attribution: Attribution
    ) -> tuple[Sequence[Finding], bool]:
        await tx.repair.keep_erasure_out()
        await tx.repair.lock(batch_id)
        audited = await self._source.batch(batch_id)  # read under the lock: another operator may have been faster
        findings = self._checked(audited)
        if not findings:
            return findings, False
        drifted = list(dict.fromkeys(finding.subject for finding in findings))
        data = {"batch_id": str(batch_id), "found": drifted}
        await self._record(tx, ActionKind.REPAIR, attribution, data)
        expected = self._audit.expected(audited)
        if expected is not None:
            await tx.repair.hold(expected)
            stream = await self._handler.load(tx, batch_id)
            await tx.repair.restore(stream.job if stream.submitted else expected)
            return findings, False
        await tx.repair.remove(batch_id)
        if audited.events and not audited.erased:
            await tx.repair.restore_statuses(self._audit.stream(audited).job)
        return findings, audited.job is not None or audited.unreadable is not None

    def _checked(self, audited: AuditedBatch) -> Sequence[Finding]:
        """Return the drift of a batch. Raises UnknownToTheLog or DamageFound."""
        if not (audited.events or audited.job or audited.unreadable or audited.busy):
            raise UnknownToTheLog(audited.batch_id, archived=audited.archived and bool(audited.leaves))
        findings = self._audit.check(audited)
        if damage := damage_among(findings):
            raise DamageFound(damage)
        return findings
