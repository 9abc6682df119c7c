"""Problem details (RFC 9457): the body of every error, and their description in OpenAPI."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from application.errors import IdempotencyKeyInFlight
from domain import refusals
from entrypoints.http.error_table import TABLE
from entrypoints.http.errors import TooManyRequests

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = {"Retry-After": "1"}


class FieldError(BaseModel):
    """The problem with one field of the request."""

    field: str = Field(examples=["report_ids.1"])
    message: str = Field(examples=["Input should be a valid UUID"])


class Problem(BaseModel):
    """Problem details (RFC 9457) with the platform's `error_code` and `timestamp`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:fna-batch:problem:batch-limit-exceeded",
                "title": "Batch limit exceeded",
                "status": 403,
                "detail": "The Basic tier allows 3 reports in a batch, and 4 were given: submit them as several "
                "batches, or upgrade the subscription.",
                "instance": "/v1/reports/batch",
                "error_code": "BATCH_LIMIT_EXCEEDED",
                "timestamp": "2026-03-03T12:00:00.000000Z",
            }
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    error_code: str
    timestamp: datetime
    errors: list[FieldError] | None = Field(None, description="One entry a field, with VALIDATION_ERROR only.")


ABOUT_REPORT_IDS = (refusals.NothingSubmitted, refusals.ReportListedTwice)


def problem(
    request: Request,
    status: int,
    error_code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    fields: Sequence[FieldError] | None = None,
) -> JSONResponse:
    body = Problem(
        type=f"urn:fna-batch:problem:{error_code.lower().replace('_', '-')}",
        title=error_code.replace("_", " ").capitalize(),
        status=status,
        detail=detail,
        instance=request.url.path,
        error_code=error_code,
        timestamp=request.app.state.container.clock()(),
        errors=None if fields is None else list(fields),
    )
    return JSONResponse(
        body.model_dump(mode="json", exclude_none=True), status, dict(headers or {}), media_type=MEDIA_TYPE
    )


def from_error(request: Request, error: Exception) -> JSONResponse:
    """Return the problem for an error of the table."""
    status, error_code = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    detail = error.detail if isinstance(error, HTTPException) else str(error)
    fields = [FieldError(field="report_ids", message=detail)] if isinstance(error, ABOUT_REPORT_IDS) else None
    return problem(request, status, error_code, detail, headers=_headers(error, status), fields=fields)


def _headers(error: Exception, status: int) -> Mapping[str, str]:
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.seconds)}
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return RETRY_AFTER if status in (429, 503) or isinstance(error, IdempotencyKeyInFlight) else {}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return, for OpenAPI, the error codes that a route answers with each status."""
    codes: dict[int, list[str]] = {status: [] for status in statuses}
    for status, code in TABLE.values():
        if status in codes and code not in codes[status]:
            codes[status].append(code)
    return {
        status: {"model": Problem, "description": ", ".join(named), "content": {MEDIA_TYPE: {}}}
        for status, named in codes.items()
    }


def describe(app: FastAPI) -> None:
    """Describe errors under their own media type alone."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        described = plain()
        for path in described["paths"].values():
            for operation in path.values():
                for response in operation["responses"].values():
                    content = response.get("content", {})
                    if MEDIA_TYPE in content and "application/json" in content:
                        content[MEDIA_TYPE] = content.pop("application/json")
        return described

    app.openapi = openapi  # type: ignore[method-assign]
