"""Objects that tests are made of, each with plausible values that a test may change."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from application.log import NO_HASH, StoredEvent, with_hash
from application.ports.storage import Storage
from application.read_model import BatchJob
from domain.analysis import NarrativeAnalysis
from domain.reports import Report, ReportFormat, ReportType
from domain.statuses import BatchStatus, ReportStatus

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
TEXT = (
    b"The revenue of the company grew by ten percent and its operating profit rose. Demand for its products was strong "
    b"in all of its markets, and the cost of production fell. There can be no assurance that this will go on.\n"
)
GERMAN = (
    "Der Umsatz der Gesellschaft ist im vergangenen Jahr um acht Prozent gestiegen, und das Ergebnis vor Steuern hat "
    "sich verbessert. Die Nachfrage nach den Produkten war in allen Ländern hoch, und die Kosten sind nicht gestiegen."
).encode()
"""A report that the analysis rejects with UNSUPPORTED_LANGUAGE."""


def new_id() -> UUID:
    """Return a UUIDv7, as the service does for what it creates."""
    return uuid7()


def stream_of(*types: str, batch_id: UUID | None = None, after: StoredEvent | None = None) -> list[StoredEvent]:
    """Return linked events of these types, one second apart; their data has no other meaning."""
    batch_id = batch_id or (after.batch_id if after else new_id())
    chained: list[StoredEvent] = []
    for type_ in types:
        before = chained[-1] if chained else after
        chained.append(
            with_hash(
                StoredEvent(
                    batch_id=batch_id,
                    version=before.version + 1 if before else 1,
                    type=type_,
                    schema_version=1,
                    data={"report_id": str(new_id())},
                    metadata={"actor": "test"},
                    recorded_at=before.recorded_at + timedelta(seconds=1) if before else NOON,
                    previous_hash=before.hash if before else NO_HASH,
                )
            )
        )
    return chained


def batch_job(*report_ids: UUID, user_id: UUID, **changes: object) -> BatchJob:
    """Return the row of a submitted batch of these reports, with some columns changed."""
    pending = BatchJob(
        batch_id=new_id(),
        user_id=user_id,
        status=BatchStatus.PENDING,
        total_reports=len(report_ids),
        successful=0,
        failed=0,
        report_ids=report_ids,
        results=(),
        processed_at=None,
        created_at=NOON,
        updated_at=NOON,
        version=1,
    )
    return replace(pending, **changes)  # type: ignore[arg-type]


def report_of(user_id: UUID, **changes: object) -> Report:
    """Return a report of the user, with some fields changed."""
    uploaded = Report(
        report_id=new_id(),
        user_id=user_id,
        report_type=ReportType.TEN_K,
        format=ReportFormat.TEXT,
        size=len(TEXT),
        sha256=bytes(32),
        company="Example Inc.",
        fiscal_period=None,
        filing_date=None,
        processing_status=ReportStatus.PENDING,
        created_at=NOON,
    )
    return replace(uploaded, **changes)  # type: ignore[arg-type]


ANALYSIS = NarrativeAnalysis(
    optimism_score=0.6,
    optimism_confidence=0.8,
    risk_score=0.1,
    risk_confidence=0.8,
    uncertainty_score=0.2,
    uncertainty_confidence=0.8,
    low_confidence=False,
    key_themes=("data center",),
    risk_indicators=(),
    narrative_sections={},
    financial_metrics=None,
    processing_time_seconds=0.1,
    model_version="test",
)


async def chunks(*content: bytes) -> AsyncIterator[bytes]:
    """Yield these chunks, as the body of an upload arrives."""
    for chunk in content:
        yield chunk


async def uploaded_reports(storage: Storage, user_id: UUID, count: int = 1) -> Sequence[UUID]:
    """Store new reports of the user, and return their ids."""
    reports = [report_of(user_id) for _ in range(count)]
    async with storage.transaction() as tx:
        for each in reports:
            await tx.reports.add(each, chunks(TEXT))
    return [each.report_id for each in reports]
