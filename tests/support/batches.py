"""Batches that live over a real storage, without a worker or HTTP, for tests of the audit."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from application.audit.findings import Finding
from application.log import Metadata
from application.operator_actions import Attribution
from application.submit import Submission
from domain import commands
from domain.failures import FailureCode
from domain.tiers import Tier
from entrypoints.container import Container
from tests.support.builders import new_id, uploaded_reports
from tests.support.offline_verifier import verify_export

ATTRIBUTION = Attribution(actor="operator:test", reason="a test")


def metadata_of(user_id: UUID) -> Metadata:
    return Metadata(actor=f"user:{user_id}", correlation_id=new_id())


async def submitted_batch(container: Container, user_id: UUID | None = None, reports: int = 1) -> UUID:
    user_id = user_id or new_id()
    report_ids = tuple(await uploaded_reports(container.storage(), user_id, reports))
    submission = Submission(user_id=user_id, tier=Tier.ENTERPRISE, report_ids=report_ids)
    return (await container.submit()(submission, metadata_of(user_id))).batch_id


async def started_batch(container: Container, user_id: UUID | None = None, reports: int = 1) -> UUID:
    batch_id = await submitted_batch(container, user_id, reports)
    worker = Metadata(actor="worker:w", correlation_id=new_id())
    await container.handler().handle(batch_id, commands.Start(worker_id="w", max_attempts=3), worker)
    return batch_id


async def finished_batch(container: Container, user_id: UUID | None = None, reports: int = 1) -> UUID:
    """Its first report failed, the others succeeded."""
    batch_id = await started_batch(container, user_id, reports)
    batch, _ = await container.handler().read(batch_id)
    worker = Metadata(actor="worker:w", correlation_id=new_id())
    first, *rest = batch.pending
    failure = commands.RecordFailure(worker_id="w", report_id=first, code=FailureCode.CORRUPTED_FILE)
    await container.handler().handle(batch_id, failure, worker)
    for report_id in rest:
        success = commands.RecordSuccess(worker_id="w", report_id=report_id, analysis_id=new_id(), duration_ms=1)
        await container.handler().handle(batch_id, success, worker)
    return batch_id


async def all_findings(container: Container, kept: Sequence[str] = ()) -> list[Finding]:
    """Everything that `audit verify` finds."""
    found = [finding async for _, problems in container.batch_audit().batches() for finding in problems]
    return found + [finding async for _, problems in container.tree_audit().recompute(kept) for finding in problems]


async def export_lines(container: Container) -> list[dict[str, object]]:
    """The lines of `audit export`, as of the latest checkpoint."""
    last = await container.sealed_log().latest()
    return [line async for line in container.export()(last.size if last else 0)]


def checked_offline(
    lines: Iterable[str], keys: Iterable[str], kept: Iterable[str] = (), receipts: Iterable[str] = ()
) -> list[str]:
    """What the verifier of docs/ finds wrong with an export."""
    verifier = verify_export.Verifier(list(keys), kept, receipts)
    for line in lines:
        verifier.take(line)
    verifier.finish()
    wrong: list[str] = verifier.wrong
    return wrong
