"""What goes over the wire."""

import base64
import binascii
import json
import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
)

from application.audit import History
from application.log import StoredEvent
from application.proofs import Consistency, Inclusion
from application.read_model import BatchJob
from application.receipts import Receipt
from domain.analysis import NarrativeAnalysis
from domain.reasons import MAX_REASON, REASON, RULE
from domain.reports import Report, ReportFormat, ReportType
from domain.statuses import BatchStatus, ReportStatus

Instant = Annotated[datetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
Words = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Text of one line: what PostgreSQL cannot store or a terminal would obey is refused."""
EXAMPLE_BATCH = "019527a4-5c00-7000-8000-00000000000b"
EXAMPLE_REPORT = "019527a4-5c00-7000-8000-000000000001"
EXAMPLE_ANALYSIS = "019527a4-5c00-7000-8000-0000000000aa"


def _rfc3339(given: object) -> object:
    if isinstance(given, str) and not RFC3339.fullmatch(given):
        raise ValueError("Give an instant as RFC 3339 has it, such as 2026-03-03T12:00:00Z (in a URL, + is %2B)")
    return given


def _in_utc(given: datetime) -> datetime:
    try:
        return given.astimezone(UTC)
    except OverflowError:
        raise ValueError("Give an instant that UTC can name, too") from None


def _reason(given: str) -> str:
    if not re.fullmatch(REASON, given):
        raise ValueError(RULE)
    return given


RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
AsOf = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_in_utc)]
Reason = Annotated[
    str, AfterValidator(_reason), WithJsonSchema({"type": "string", "pattern": REASON, "maxLength": MAX_REASON})
]
"""Kept in the log for ever, and shown to whoever audits it."""


class SubmitRequest(BaseModel):
    """Which reports to analyse, in this order."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"report_ids": [EXAMPLE_REPORT]}})

    report_ids: Annotated[list[UUID], FailFast()] = Field(
        max_length=1000, description="Ids of uploaded reports, each once; how many, your tier says."
    )
    reanalyze: StrictBool = Field(False, description="Analyse reports again that have an analysis already.")


class ActRequest(BaseModel):
    """Why a batch is cancelled or retried."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "the wrong year was uploaded"}})

    reason: Reason | None = Field(
        None,
        description="One line of at most 200 characters. It stays in the log for ever: name no person in it.",
    )


class Result(BaseModel):
    """The outcome of one report."""

    report_id: UUID
    status: Literal["success", "failed"]
    analysis_id: UUID | None = Field(description="Null where the report failed.")
    errors: list[str] = Field(description="Why it failed and what to do, each beginning with the failure's code.")


class BatchResponse(BaseModel):
    """A batch as it stands: `results` has one entry for each report that is done, in the order submitted."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "batch_id": EXAMPLE_BATCH,
                "status": "COMPLETED",
                "total_reports": 1,
                "successful": 1,
                "failed": 0,
                "results": [
                    {
                        "report_id": EXAMPLE_REPORT,
                        "status": "success",
                        "analysis_id": EXAMPLE_ANALYSIS,
                        "errors": [],
                    }
                ],
                "processed_at": "2026-03-03T12:00:01.500000Z",
            }
        }
    )

    batch_id: UUID
    status: BatchStatus
    total_reports: int
    successful: int
    failed: int
    results: list[Result]
    processed_at: Instant | None = Field(description="When the latest report was done; null before the first.")

    @classmethod
    def of(cls, job: BatchJob) -> "BatchResponse":
        return cls.model_validate(job, from_attributes=True)


class ReportResponse(BaseModel):
    """An uploaded report; `format` was found from its bytes, `size` is in bytes."""

    report_id: UUID
    processing_status: ReportStatus
    report_type: ReportType
    format: ReportFormat
    size: int
    company: str | None
    fiscal_period: str | None
    filing_date: date | None
    created_at: Instant

    @classmethod
    def of(cls, report: Report) -> "ReportResponse":
        return cls.model_validate(report, from_attributes=True)


class AnalysisResponse(BaseModel):
    """The latest analysis of a report."""

    report_id: UUID
    analysis_id: UUID
    analysis: NarrativeAnalysis


class BatchPage(BaseModel):
    batches: list[BatchResponse]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last.")


class ReportPage(BaseModel):
    reports: list[ReportResponse]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last.")


def encode_cursor(*parts: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[str]:
    """Raises RequestValidationError for what `encode_cursor` did not write."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(parts, list) and len(parts) == length and all(isinstance(part, str) for part in parts):
            return parts
    except (binascii.Error, ValueError, RecursionError):
        pass
    raise bad_cursor()


def bad_cursor() -> RequestValidationError:
    message = "Not a cursor that this service gave: take next_cursor from the page before"
    return RequestValidationError([{"type": "value_error", "loc": ("query", "cursor"), "msg": message}])


class ReceiptResponse(BaseModel):
    """Proof of submission: keep `note` where we cannot reach it. docs/verify.md says how to check it."""

    batch_id: UUID
    submitted_hash: str = Field(description="Hash of the batch's `Submitted` event, in hex.")
    recorded_at: Instant
    note: str = Field(description="What was signed, as a C2SP signed note.")
    inclusion: "InclusionResponse | None" = Field(description="Null until a checkpoint covers the submission.")

    @classmethod
    def of(cls, found: Receipt) -> "ReceiptResponse":
        submitted = found.submitted
        return cls(
            batch_id=submitted.batch_id,
            submitted_hash=submitted.hash.hex(),
            recorded_at=submitted.recorded_at,
            note=found.note,
            inclusion=found.inclusion and InclusionResponse.of(found.inclusion),
        )


class InclusionResponse(BaseModel):
    """An RFC 6962 audit path from one entry to the root that a checkpoint signs."""

    leaf_index: int
    path: list[str] = Field(description="Hashes in hex, the lowest first.")
    checkpoint: str = Field(description="The signed checkpoint.")

    @classmethod
    def of(cls, proof: Inclusion) -> "InclusionResponse":
        path = [each.hex() for each in proof.path]
        return cls(leaf_index=proof.leaf_index, path=path, checkpoint=proof.checkpoint.note)


class ConsistencyResponse(BaseModel):
    """An RFC 6962 consistency proof: the newer tree begins with the older one."""

    path: list[str] = Field(description="Hashes in hex, the lowest first.")
    old: str = Field(description="The older signed checkpoint.")
    new: str = Field(description="The newer one.")

    @classmethod
    def of(cls, proof: Consistency) -> "ConsistencyResponse":
        return cls(path=[each.hex() for each in proof.path], old=proof.old.note, new=proof.new.note)


class EventResponse(BaseModel):
    """One event as it is stored; `hash` covers everything else here (docs/event-log.md)."""

    batch_id: UUID
    version: int
    type: str
    schema_version: int
    data: dict[str, Any]
    metadata: dict[str, Any] = Field(description="`actor`, `correlation_id` and, where given, `reason` and others.")
    recorded_at: Instant
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, event: StoredEvent) -> "EventResponse":
        return cls.model_validate(event.hashed() | {"hash": event.hash.hex()})


class EventPage(BaseModel):
    events: list[EventResponse]
    next_cursor: str = Field(description="Give it as `cursor` for what comes after; nothing ever appears before it.")


class FindingResponse(BaseModel):
    """One thing that is wrong, and with what."""

    batch_id: UUID | None
    version: int | None
    checkpoint: int | None
    act_id: UUID | None
    problem: str


class HistoryResponse(BaseModel):
    """What happened to a batch, and the status answer that its owner got at that instant."""

    batch_id: UUID
    as_of: Instant | None
    batch: BatchResponse | None = Field(description="Null where the events are damaged.")
    events: list[EventResponse]
    damage: list[FindingResponse] = Field(description="What is wrong with the events; empty where nothing is.")

    @classmethod
    def of(cls, history: History) -> "HistoryResponse":
        return cls(
            batch_id=history.batch_id,
            as_of=history.as_of,
            batch=history.job and BatchResponse.of(history.job),
            events=[EventResponse.of(event) for event in history.events],
            damage=[FindingResponse.model_validate(finding, from_attributes=True) for finding in history.damage],
        )


class ActResponse(BaseModel):
    """What an operator, or a worker on its own, did besides the lives of batches (docs/event-log.md)."""

    act_id: UUID
    kind: str
    actor: str
    reason: str
    data: dict[str, Any]
    recorded_at: Instant
    hash: str


class ActPage(BaseModel):
    acts: list[ActResponse]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last.")


class VerifyResponse(BaseModel):
    batches: int = Field(description="How many were verified.")
    findings: list[FindingResponse] = Field(description="Everything that is wrong; empty where nothing is.")
    next_cursor: str | None = Field(description="Give it as `cursor` to go on; null after the last batch.")


class CheckpointResponse(BaseModel):
    size: int = Field(description="Entries that it covers.")
    note: str = Field(description="The checkpoint as a C2SP signed note.")


class CheckpointPage(BaseModel):
    public_key: str = Field(description="Who signs now, as a C2SP verifier key. Compare it with the one you know.")
    checkpoints: list[CheckpointResponse] = Field(description="The newest first.")
    next_cursor: str | None = Field(description="Give it as `cursor` for older ones; null on the last page.")
