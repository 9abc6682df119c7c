"""Exception handlers: every error becomes a problem."""

from collections.abc import Sequence
from typing import cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from entrypoints.http.error_table import TABLE
from entrypoints.http.problems import FieldError, from_error, problem

log = structlog.get_logger()
ROUTING = {
    404: ("NOT_FOUND", "There is nothing at this path: /docs lists what there is."),
    405: ("METHOD_NOT_ALLOWED", "This path does not take this method: /docs lists which it takes."),
}


def install(app: FastAPI) -> None:
    """Turn every exception that a route can raise into a problem."""

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
        detail = "An unexpected error occurred; the operator's log has the details. It is safe to try again."
        return problem(request, 500, "INTERNAL_ERROR", detail)

    for kind in TABLE:
        app.add_exception_handler(kind, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, routing)
    app.add_exception_handler(RecursionError, too_deep)
    app.add_exception_handler(Exception, unexpected)


def _name(location: Sequence[object]) -> str:
    """Return `report_ids.1` for ("body", "report_ids", 1), and `body` for an entry without a name."""
    inner = [str(part) for part in location if part not in ("body", "query", "path", "header")]
    return ".".join(inner) if inner and not inner[0].isdigit() else "body"
