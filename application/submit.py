"""Submitting: append, project and enqueue in one transaction, once for each idempotency key."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from application.errors import BatchNotFound
from application.handler import CommandHandler, in_transaction
from application.log import Metadata, RecordedEvent, canonical_json
from application.ports.clock import NewId
from application.ports.storage import Storage, Transaction
from domain import commands, refusals
from domain.events import Submitted
from domain.tiers import Tier, TierLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    user_id: UUID
    tier: Tier
    report_ids: tuple[UUID, ...]
    reanalyze: bool = False
    idempotency_key: str | None = None
    retry_of: UUID | None = None
    key_owner: UUID | None = None

    def fingerprint(self) -> bytes:
        """SHA-256 of what was asked for: the same key must come with the same request."""
        asked: dict[str, object] = {
            "report_ids": [str(report_id) for report_id in self.report_ids],
            "reanalyze": self.reanalyze,
        }
        if self.retry_of is not None:
            asked["retry_of"] = str(self.retry_of)
        return hashlib.sha256(canonical_json(asked)).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who acts on a batch: its owner, or an operator (`user_id` and `tier` null) on anybody's.

    `key_owner` is whose idempotency keys count, always the one who asks.
    """

    user_id: UUID | None
    tier: Tier | None
    key_owner: UUID | None = None

    def may_not_touch(self, owner: UUID) -> bool:
        return self.user_id is not None and self.user_id != owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """`replayed`: this idempotency key led to the batch before, nothing new was stored."""

    batch_id: UUID
    total_reports: int
    replayed: bool
    submitted: RecordedEvent


class SubmitBatch:
    def __init__(self, storage: Storage, handler: CommandHandler, new_id: NewId, limits: TierLimits) -> None:
        self._storage, self._handler, self._new_id, self._limits = storage, handler, new_id, limits

    async def __call__(self, submission: Submission, metadata: Metadata) -> Accepted:
        """Accept the batch.

        Raises a domain Refusal, IdempotencyKeyReused, IdempotencyKeyInFlight or StorageUnavailable.
        """
        return await in_transaction(self._storage, lambda tx: self._accept(tx, submission, metadata))

    async def retry(self, batch_id: UUID, asker: Asker, idempotency_key: str | None, metadata: Metadata) -> Accepted:
        """Submit the failed reports of a finished batch again, for its owner, as a new batch that is linked to it.

        Raises BatchNotFound, BatchUnfinished, NothingToRetry, and what submitting raises.
        """

        async def work(tx: Transaction) -> Accepted:
            job, submitted = await self._handler.job(tx, batch_id)
            if job is None or submitted is None or asker.may_not_touch(job.user_id):
                raise BatchNotFound(batch_id)
            if not job.status.is_final:
                raise refusals.BatchUnfinished
            failed = tuple(result.report_id for result in job.results if result.status == "failed")
            if not failed:
                raise refusals.NothingToRetry
            asked = Submission(
                user_id=job.user_id,
                tier=submitted.tier if asker.tier is None else asker.tier,
                report_ids=failed,
                reanalyze=True,
                idempotency_key=idempotency_key,
                retry_of=batch_id,
                key_owner=asker.key_owner,
            )
            return await self._accept(tx, asked, metadata)

        return await in_transaction(self._storage, work)

    async def _accept(self, tx: Transaction, asked: Submission, metadata: Metadata) -> Accepted:
        key, fingerprint = asked.idempotency_key, asked.fingerprint()
        key_owner = asked.key_owner or asked.user_id
        if key is not None and (earlier := await tx.submissions.claim_key(key_owner, key, fingerprint)):
            submitted = await self._handler.first(tx, earlier)
            if not isinstance(submitted.event, Submitted) or submitted.event.user_id != asked.user_id:
                raise BatchNotFound(earlier)  # somebody changed the key by hand
            return Accepted(batch_id=earlier, total_reports=len(asked.report_ids), replayed=True, submitted=submitted)
        await tx.submissions.lock_user(asked.user_id)
        batch_id = self._new_id()
        (submitted,) = await self._handler.append(tx, batch_id, await self._command(tx, asked), metadata)
        await tx.queue.enqueue(batch_id)
        if key is not None:
            await tx.submissions.remember_key(key_owner, key, fingerprint, batch_id)
        return Accepted(batch_id=batch_id, total_reports=len(asked.report_ids), replayed=False, submitted=submitted)

    async def _command(self, tx: Transaction, asked: Submission) -> commands.Submit:
        limit = self._limits.reports_per_batch[asked.tier]
        known = await tx.reports.known(asked.user_id, asked.report_ids[:limit])
        return commands.Submit(
            user_id=asked.user_id,
            tier=asked.tier,
            report_ids=asked.report_ids,
            reanalyze=asked.reanalyze,
            available=known.available,
            busy=known.busy,
            analysed=known.analysed,
            report_limit=limit,
            active_batches=await tx.batch_jobs.count_active(asked.user_id),
            active_limit=self._limits.active_batches[asked.tier],
            retry_of=asked.retry_of,
        )
