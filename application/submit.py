"""Submitting: append, project and enqueue in one transaction, once for each idempotency key."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from application.asker import Asker
from application.errors import BatchNotFound
from application.handler import CommandHandler, in_transaction
from application.log import Metadata, RecordedEvent, canonical_json
from application.ports.clock import NewId
from application.ports.storage import Storage, Transaction
from domain import commands, refusals
from domain.tiers import Tier, TierLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A request for a batch. `key_owner` is the user whose idempotency keys count; None means `user_id`."""

    user_id: UUID
    tier: Tier
    report_ids: tuple[UUID, ...]
    reanalyze: bool = False
    idempotency_key: str | None = None
    retry_of: UUID | None = None
    key_owner: UUID | None = None

    def fingerprint(self) -> bytes:
        """Return the SHA-256 of the request: an idempotency key may be sent again with the same request only."""
        request: dict[str, object] = {
            "report_ids": [str(report_id) for report_id in self.report_ids],
            "reanalyze": self.reanalyze,
        }
        if self.retry_of is not None:
            request["retry_of"] = str(self.retry_of)
        return hashlib.sha256(canonical_json(request)).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A stored batch. `replayed` means that the idempotency key led to an earlier batch and nothing new was stored."""

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
        return await in_transaction(self._storage.transaction, lambda tx: self._accept(tx, submission, metadata))

    async def retry(self, batch_id: UUID, asker: Asker, idempotency_key: str | None, metadata: Metadata) -> Accepted:
        """Submit the failed reports of a finished batch again, for its owner, as a new batch linked to the old one.

        Raises BatchNotFound, BatchUnfinished, NothingToRetry, and what submitting raises.
        """

        async def work(tx: Transaction) -> Accepted:
            stream = await self._handler.load(tx, batch_id)
            submitted = stream.submitted
            if submitted is None or not asker.may_act_for(submitted.user_id):
                raise BatchNotFound(batch_id)
            job = stream.job
            if not job.status.is_final:
                raise refusals.BatchUnfinished
            failed = tuple(result.report_id for result in job.results if result.status == "failed")
            if not failed:
                raise refusals.NothingToRetry
            again = Submission(
                user_id=submitted.user_id,
                tier=submitted.tier if asker.tier is None else asker.tier,
                report_ids=failed,
                reanalyze=True,
                idempotency_key=idempotency_key,
                retry_of=batch_id,
                key_owner=asker.key_owner,
            )
            return await self._accept(tx, again, metadata)

        return await in_transaction(self._storage.transaction, work)

    async def _accept(self, tx: Transaction, submission: Submission, metadata: Metadata) -> Accepted:
        key, fingerprint = submission.idempotency_key, submission.fingerprint()
        key_owner = submission.key_owner or submission.user_id
        if key is not None and (earlier := await tx.submissions.claim_key(key_owner, key, fingerprint)):
            return await self._replayed(tx, submission, earlier)
        await tx.submissions.lock_user(submission.user_id)
        batch_id = self._new_id()
        stream = await self._handler.append(tx, batch_id, await self._command(tx, submission), metadata)
        await tx.queue.enqueue(batch_id)
        if key is not None:
            await tx.submissions.remember_key(key_owner, key, fingerprint, batch_id)
        return _accepted(submission, batch_id, stream.events[0], replayed=False)

    async def _replayed(self, tx: Transaction, submission: Submission, batch_id: UUID) -> Accepted:
        stream = await self._handler.load_first(tx, batch_id)
        if stream.submitted is None or stream.submitted.user_id != submission.user_id:
            raise BatchNotFound(batch_id)  # the key's row was edited by hand
        return _accepted(submission, batch_id, stream.events[0], replayed=True)

    async def _command(self, tx: Transaction, submission: Submission) -> commands.Submit:
        user_id, tier = submission.user_id, submission.tier
        limit = self._limits.reports_per_batch[tier]
        known = await tx.reports.known(user_id, submission.report_ids[:limit])
        return commands.Submit(
            user_id=user_id,
            tier=tier,
            report_ids=submission.report_ids,
            reanalyze=submission.reanalyze,
            available=known.available,
            busy=known.busy,
            analysed=known.analysed,
            report_limit=limit,
            active_batches=await tx.batch_jobs.count_active(user_id),
            active_limit=self._limits.active_batches[tier],
            retry_of=submission.retry_of,
        )


def _accepted(submission: Submission, batch_id: UUID, submitted: RecordedEvent, *, replayed: bool) -> Accepted:
    return Accepted(batch_id=batch_id, total_reports=len(submission.report_ids), replayed=replayed, submitted=submitted)
