"""Request and response models: reports and batches."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, FailFast, Field, StrictBool

from application.read_model import BatchJob
from domain.analysis import NarrativeAnalysis
from domain.reports import Report, ReportFormat, ReportType
from domain.statuses import BatchStatus, ReportStatus
from entrypoints.http.fields import Instant, Reason

EXAMPLE_BATCH = "019527a4-5c00-7000-8000-00000000000b"
EXAMPLE_REPORT = "019527a4-5c00-7000-8000-000000000001"
EXAMPLE_ANALYSIS = "019527a4-5c00-7000-8000-0000000000aa"


class SubmitRequest(BaseModel):
    """The reports to analyse, in this order."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"report_ids": [EXAMPLE_REPORT]}})

    report_ids: Annotated[list[UUID], FailFast()] = Field(
        max_length=1000, description="Ids of uploaded reports, each once. Your tier limits the count."
    )
    reanalyze: StrictBool = Field(False, description="Also analyse reports that have an analysis already.")


class ActRequest(BaseModel):
    """The reason for a cancel or a retry."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "the wrong year was uploaded"}})

    reason: Reason | None = Field(
        None,
        description="One line of at most 200 characters. The log keeps it for ever: do not name a person.",
    )


class Result(BaseModel):
    """The outcome of one report."""

    report_id: UUID
    status: Literal["success", "failed"]
    analysis_id: UUID | None = Field(description="Null if the report failed.")
    errors: list[str] = Field(description="Why it failed and what to do, each beginning with the failure's code.")


class BatchResponse(BaseModel):
    """A batch. `results` has one entry for each report that is done, in the order submitted."""

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
    """An uploaded report. `format` was detected from its bytes; `size` is in bytes."""

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
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last.")


class ReportPage(BaseModel):
    reports: list[ReportResponse]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last.")
