"""A report as its owner uploaded it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from domain.statuses import ReportStatus


class ReportType(StrEnum):
    TEN_K = "10-K"
    TEN_Q = "10-Q"
    EIGHT_K = "8-K"
    ANNUAL_REPORT = "annual_report"


class ReportFormat(StrEnum):
    """The format of a file, detected from its bytes; the file name does not count."""

    HTML = "html"
    IXBRL = "ixbrl"
    TEXT = "text"
    PDF = "pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The metadata of a report: `size` in bytes, `sha256` the 32-byte digest of the uploaded bytes."""

    report_id: UUID
    user_id: UUID
    report_type: ReportType
    format: ReportFormat
    size: int
    sha256: bytes
    company: str | None
    fiscal_period: str | None
    filing_date: date | None
    processing_status: ReportStatus
    created_at: datetime
