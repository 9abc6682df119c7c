"""Every error as problem details (RFC 9457), and the one table of which error is which status."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from application import errors, upload
from application.audit.proofs import NoSuchEvent, NoSuchTree, NotSealed
from application.ports.tokens import InvalidToken, Role
from domain import refusals

log = structlog.get_logger()
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = {"Retry-After": "1"}


class FieldError(BaseModel):
    """What is wrong with one field of the request."""

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


class TooManyRequests(errors.ApplicationError):
    def __init__(self, limit: int, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"Your tier allows {limit} requests a minute: try again in {seconds} s.")


class RoleMissing(errors.ApplicationError):
    def __init__(self, role: Role) -> None:
        super().__init__(f"This needs a token with the role {role}: ask whoever runs the platform for one.")


class BodyTooLarge(HTTPException):
    def __init__(self, limit: int) -> None:
        super().__init__(413, f"The request is larger than the {limit} bytes that are allowed here.")


TABLE: Mapping[type[Exception], tuple[int, str]] = {
    InvalidToken: (401, "INVALID_TOKEN"),
    RoleMissing: (403, "ROLE_MISSING"),
    refusals.TooManyReports: (403, "BATCH_LIMIT_EXCEEDED"),
    refusals.ReportsUnknown: (404, "REPORT_NOT_FOUND"),
    errors.ReportNotFound: (404, "REPORT_NOT_FOUND"),
    errors.BatchNotFound: (404, "BATCH_NOT_FOUND"),
    refusals.ReportsBusy: (409, "REPORT_BUSY"),
    refusals.ReportsAnalysed: (409, "REPORT_ALREADY_PROCESSED"),
    NoSuchEvent: (404, "EVENT_NOT_FOUND"),
    NoSuchTree: (404, "CHECKPOINT_NOT_FOUND"),
    refusals.BatchFinished: (409, "BATCH_FINISHED"),
    refusals.BatchUnfinished: (409, "BATCH_UNFINISHED"),
    refusals.NothingToRetry: (409, "NOTHING_TO_RETRY"),
    NotSealed: (409, "NOT_SEALED_YET"),
    errors.AnalysisNotReady: (409, "ANALYSIS_NOT_READY"),
    errors.IdempotencyKeyInFlight: (409, "IDEMPOTENCY_KEY_IN_FLIGHT"),
    upload.FileTooLarge: (413, "FILE_TOO_LARGE"),
    BodyTooLarge: (413, "FILE_TOO_LARGE"),
    upload.UnsupportedFormat: (415, "UNSUPPORTED_FORMAT"),
    upload.EmptyFile: (422, "EMPTY_FILE"),
    refusals.NothingSubmitted: (422, "VALIDATION_ERROR"),
    refusals.ReportListedTwice: (422, "VALIDATION_ERROR"),
    errors.IdempotencyKeyReused: (422, "IDEMPOTENCY_KEY_REUSED"),
    TooManyRequests: (429, "RATE_LIMIT_EXCEEDED"),
    refusals.TooManyActiveBatches: (429, "ACTIVE_BATCH_LIMIT_EXCEEDED"),
    errors.LogDamaged: (500, "LOG_DAMAGED"),
    errors.StorageUnavailable: (503, "SERVICE_UNAVAILABLE"),
    errors.Conflict: (503, "SERVICE_UNAVAILABLE"),
}
ROUTING = {
    404: ("NOT_FOUND", "There is nothing at this path: /docs lists what there is."),
    405: ("METHOD_NOT_ALLOWED", "This path does not take this method: /docs lists which it takes."),
}
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
    """The problem for an error of the table; the closest base class decides."""
    status, error_code = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    detail = error.detail if isinstance(error, HTTPException) else str(error)
    fields = [FieldError(field="report_ids", message=detail)] if isinstance(error, ABOUT_REPORT_IDS) else None
    return problem(request, status, error_code, detail, headers=_headers(error, status), fields=fields)


def _headers(error: Exception, status: int) -> Mapping[str, str]:
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.seconds)}
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return RETRY_AFTER if status in (429, 503) or isinstance(error, errors.IdempotencyKeyInFlight) else {}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: which error codes a route answers with each status."""
    codes: dict[int, list[str]] = {status: [] for status in statuses}
    for status, code in TABLE.values():
        if status in codes and code not in codes[status]:
            codes[status].append(code)
    return {
        status: {"model": Problem, "description": ", ".join(named), "content": {MEDIA_TYPE: {}}}
        for status, named in codes.items()
    }


def describe(app: FastAPI) -> None:
    """Errors are described under their own media type alone."""
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


def install(app: FastAPI) -> None:
    """Every exception that a route can raise becomes a problem."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        return from_error(request, error)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        entries = cast(RequestValidationError, error).errors()
        fields = [FieldError(field=_name(entry["loc"]), message=entry["msg"]) for entry in entries]
        names = ", ".join(dict.fromkeys(field.field for field in fields))
        return problem(request, 422, "VALIDATION_ERROR", f"The request is not valid in: {names}.", fields=fields)

    async def routing(request: Request, error: Exception) -> JSONResponse:
        error = cast(HTTPException, error)
        if error.status_code in ROUTING:
            code, detail = ROUTING[error.status_code]
            return problem(request, error.status_code, code, detail, headers=error.headers)
        fields = [FieldError(field="body", message=error.detail)]
        return problem(request, 422, "VALIDATION_ERROR", error.detail, headers=error.headers, fields=fields)

    async def too_deep(request: Request, _: Exception) -> JSONResponse:
        detail = "The JSON is nested too deeply: this service takes flat objects."
        fields = [FieldError(field="body", message=detail)]
        return problem(request, 422, "VALIDATION_ERROR", detail, fields=fields)

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected error", path=request.url.path, error=type(error).__name__, exc_info=error)
        detail = "Something went wrong on our side; the operator's log says what. It is safe to try again."
        return problem(request, 500, "INTERNAL_ERROR", detail)

    for kind in TABLE:
        app.add_exception_handler(kind, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, routing)
    app.add_exception_handler(RecursionError, too_deep)
    app.add_exception_handler(Exception, unexpected)


def _name(location: Sequence[object]) -> str:
    """`report_ids.1` for ("body", "report_ids", 1); the place itself where it has no name in it."""
    inner = [str(part) for part in location if part not in ("body", "query", "path", "header")]
    return ".".join(inner) if inner and not inner[0].isdigit() else "body"
