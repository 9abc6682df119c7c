"""Batches in a real storage, without a worker or HTTP, and what the audit finds in them."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from application.audit.findings import Finding
from application.audit.signed_notes import public_key
from application.log import Metadata
from application.operations.archive import Archived
from application.operations.rebuild import Progress
from application.operator_actions import Attribution
from application.submit import Submission
from domain import commands
from domain.failures import FailureCode
from domain.tiers import Tier
from entrypoints.container import Container
from tests.support.builders import new_id, uploaded_reports
from tests.support.offline_verifier import verify_export

ATTRIBUTION = Attribution(actor="operator:test", reason="a test")
WORKER = Metadata(actor="worker:w", correlation_id=UUID(int=1))


def metadata_of(user_id: UUID) -> Metadata:
    """Return the metadata of a request by this user."""
    return Metadata(actor=f"user:{user_id}", correlation_id=new_id())


async def submitted_batch(container: Container, user_id: UUID | None = None, reports: int = 1) -> UUID:
    """Submit new reports of the user, or of a new user; return the id of the batch, which is PENDING."""
    user_id = user_id or new_id()
    report_ids = tuple(await uploaded_reports(container.storage(), user_id, reports))
    submission = Submission(user_id=user_id, tier=Tier.ENTERPRISE, report_ids=report_ids)
    return (await container.submit()(submission, metadata_of(user_id))).batch_id


async def started_batch(container: Container, user_id: UUID | None = None, reports: int = 1) -> UUID:
    """Submit and start a batch; return its id. The log has two events of it."""
    batch_id = await submitted_batch(container, user_id, reports)
    await container.handler().handle(batch_id, commands.Start(worker_id="w", max_attempts=3), WORKER)
    return batch_id


async def finished_batch(container: Container, user_id: UUID | None = None, reports: int = 1) -> UUID:
    """Submit, start and finish a batch; return its id. The first report failed, the others succeeded."""
    batch_id = await started_batch(container, user_id, reports)
    batch, _ = await container.handler().read(batch_id)
    first, *rest = batch.pending
    failure = commands.RecordFailure(worker_id="w", report_id=first, code=FailureCode.CORRUPTED_FILE)
    await container.handler().handle(batch_id, failure, WORKER)
    for report_id in rest:
        success = commands.RecordSuccess(worker_id="w", report_id=report_id, analysis_id=new_id(), duration_ms=1)
        await container.handler().handle(batch_id, success, WORKER)
    return batch_id


async def clean_up(container: Container, older_than: timedelta = timedelta(0)) -> int:
    """Apply retention to `batch_jobs`; return how many rows it removed."""
    return sum([removed async for removed in container.retention().clean(older_than, ATTRIBUTION)])


async def rebuild_everything(container: Container) -> Progress:
    """Rebuild the whole read model; return the progress at the end."""
    return [progress async for progress in container.rebuild().everything(ATTRIBUTION)][-1]


async def archive_before(container: Container, before: datetime | None = None) -> Archived:
    """Archive the batches submitted before an instant, by default all of them, into a file that is thrown away."""
    return await container.archive()(before or datetime.now(UTC), ATTRIBUTION, lambda _: None, digest=lambda: "")


async def all_findings(container: Container, kept: Sequence[str] = ()) -> list[Finding]:
    """Check every batch and recompute the whole tree, without the checkpoint that this machine remembers."""
    found = [finding async for _, problems in container.batch_audit().batches() for finding in problems]
    return found + await tree_findings(container, kept)


async def tree_findings(container: Container, kept: Sequence[str] = ()) -> list[Finding]:
    """Recompute the whole tree, and return what is wrong with it."""
    return [finding async for _, problems in container.tree_audit().recompute(kept) for finding in problems]


async def export_lines(container: Container) -> list[dict[str, object]]:
    """Return the lines of `audit export`, before they are encoded, at the latest checkpoint."""
    last = await container.sealed_log().latest()
    return [line async for line in container.export()(last.size if last else 0)]


async def offline_findings(container: Container, kept: Sequence[str] = ()) -> list[str]:
    """Export the log, and return what the independent verifier finds wrong with it."""
    lines = [json.dumps(line) for line in await export_lines(container)]
    return checked_offline(lines, [trusted_key(container)], kept)


def trusted_key(container: Container) -> str:
    """Return the public key of this service as the independent verifiers read it."""
    return str(public_key(container.signer()))


def checked_offline(
    lines: Iterable[str], keys: Iterable[str], kept: Iterable[str] = (), receipts: Iterable[str] = ()
) -> list[str]:
    """Return what the independent verifier (docs/verify_export.py) finds wrong with the lines of an export."""
    verifier = verify_export.Verifier(list(keys), kept, receipts)
    for line in lines:
        verifier.take(line)
    verifier.finish()
    wrong: list[str] = verifier.wrong
    return wrong
