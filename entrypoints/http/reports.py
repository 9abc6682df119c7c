"""Uploading reports and reading them back."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Response, UploadFile
from fastapi import Query as QueryParameter

from application.upload import Details
from domain.reports import ReportType
from entrypoints.http.dependencies import Caller, Query, Upload
from entrypoints.http.fields import Words
from entrypoints.http.paging import encode_cursor, id_after
from entrypoints.http.problems import responses
from entrypoints.http.schemas import AnalysisResponse, ReportPage, ReportResponse

router = APIRouter(prefix="/v1/reports", tags=["reports"])


@router.post("/upload", status_code=201, summary="Upload a report", responses=responses(401, 413, 415, 422, 429, 503))
async def upload_report(
    caller: Caller,
    upload: Upload,
    response: Response,
    file: Annotated[UploadFile, File(description="HTML, inline XBRL, plain text or PDF, at most 50 MB.")],
    report_type: Annotated[ReportType, Form(description="The kind of report.")],
    company: Annotated[Words | None, Form(max_length=200)] = None,
    fiscal_period: Annotated[Words | None, Form(max_length=40, examples=["FY2025"])] = None,
    filing_date: Annotated[date | None, Form()] = None,
) -> ReportResponse:
    """Store one report. Its format is detected from its bytes, whatever the file's name."""
    details = Details(
        user_id=caller.user_id,
        report_type=report_type,
        company=company,
        fiscal_period=fiscal_period,
        filing_date=filing_date,
    )
    report = await upload(details, file)
    response.headers["Location"] = f"/v1/reports/{report.report_id}"
    return ReportResponse.of(report)


@router.get("", summary="Your reports, newest first", responses=responses(401, 422, 429, 503))
async def list_reports(
    caller: Caller, query: Query, limit: Annotated[int, QueryParameter(ge=1, le=100)] = 20, cursor: str | None = None
) -> ReportPage:
    page = await query.reports(caller.user_id, limit=limit + 1, after=id_after(cursor))
    following = encode_cursor(str(page[limit - 1].report_id)) if len(page) > limit else None
    return ReportPage(reports=[ReportResponse.of(report) for report in page[:limit]], next_cursor=following)


@router.get("/{report_id}", summary="One report", responses=responses(401, 404, 422, 429, 503))
async def get_report(caller: Caller, query: Query, report_id: UUID) -> ReportResponse:
    return ReportResponse.of(await query.report(caller.user_id, report_id))


@router.get(
    "/{report_id}/analysis", summary="The analysis of a report", responses=responses(401, 404, 409, 422, 429, 503)
)
async def get_analysis(caller: Caller, query: Query, report_id: UUID) -> AnalysisResponse:
    """Return the report's latest analysis; 409 `ANALYSIS_NOT_READY` before the first."""
    analysis_id, analysis = await query.analysis(caller.user_id, report_id)
    return AnalysisResponse(report_id=report_id, analysis_id=analysis_id, analysis=analysis)
