"""Submitting batches and following them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi import Query as QueryParameter
from pydantic import AwareDatetime

from application.ports.read_model import PageAfter
from application.read_model import BatchJob
from application.submit import Submission
from domain.statuses import BatchStatus
from entrypoints.http.dependencies import Asked, Asker, Query, Submit
from entrypoints.http.problems import responses
from entrypoints.http.schemas import (
    BatchPage,
    BatchResponse,
    SubmitRequest,
    bad_cursor,
    decode_cursor,
    encode_cursor,
)

router = APIRouter(prefix="/v1/reports/batch", tags=["batches"])
ASK_AGAIN = {"Retry-After": "1"}
LOOK_EVERY = 0.25
"""Seconds between two looks at a batch that somebody waits for."""


@router.post("", status_code=202, summary="Submit a batch", responses=responses(401, 403, 404, 409, 413, 422, 429, 503))
async def submit_batch(
    asker: Asker,
    asked: Asked,
    submit: Submit,
    response: Response,
    body: SubmitRequest,
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=255, description="Makes it safe to send this request again.")
    ] = None,
) -> BatchResponse:
    """Accepted means stored: the batch will finish, whatever dies in between. Follow it at `Location`."""
    submission = Submission(
        user_id=asker.user_id,
        tier=asker.tier,
        report_ids=tuple(body.report_ids),
        reanalyze=body.reanalyze,
        idempotency_key=idempotency_key,
    )
    accepted = await submit(submission, asked)
    response.headers.update({"Location": f"/v1/reports/batch/{accepted.batch_id}", **ASK_AGAIN})
    if accepted.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return BatchResponse(
        batch_id=accepted.batch_id,
        status=BatchStatus.PENDING,
        total_reports=accepted.total_reports,
        successful=0,
        failed=0,
        results=[],
        processed_at=None,
    )


@router.get("", summary="Your batches, newest first", responses=responses(401, 422, 429, 503))
async def list_batches(
    asker: Asker,
    query: Query,
    status: BatchStatus | None = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 20,
    cursor: str | None = None,
) -> BatchPage:
    after = _page_after(cursor) if cursor else None
    found = await query.batches(asker.user_id, status=status, limit=limit + 1, after=after)
    last = found[limit - 1] if len(found) > limit else None
    more = encode_cursor(last.created_at.isoformat(), str(last.batch_id)) if last else None
    return BatchPage(batches=[BatchResponse.of(job) for job in found[:limit]], next_cursor=more)


@router.get(
    "/{batch_id}",
    summary="The status of a batch",
    responses={304: {"description": "Nothing has changed since the ETag given."}, **responses(401, 404, 422, 429, 503)},
    response_model=BatchResponse,
)
async def get_batch(
    request: Request,
    asker: Asker,
    query: Query,
    batch_id: UUID,
    response: Response,
    as_of: Annotated[AwareDatetime | None, QueryParameter(description="The answer as it was at this instant.")] = None,
    wait: Annotated[float, QueryParameter(ge=0, le=60, description="Seconds to hold until something changes.")] = 0,
    if_none_match: Annotated[str | None, Header()] = None,
) -> BatchResponse | Response:
    """One entry in `results` for each report that is done. `wait` with `If-None-Match` saves asking in a loop."""
    if as_of is not None:
        return BatchResponse.of(await query.batch_as_of(asker.user_id, batch_id, as_of))
    job = await _changed(lambda: query.batch(asker.user_id, batch_id), if_none_match, wait, request.app.state.stopping)
    response.headers["ETag"] = _etag(job)
    if not job.status.is_final:
        response.headers.update(ASK_AGAIN)
    if if_none_match is not None and _matches(if_none_match, job):
        return Response(status_code=304, headers=dict(response.headers))
    return BatchResponse.of(job)


async def _changed(
    read: Callable[[], Awaitable[BatchJob]], known: str | None, wait: float, stopping: asyncio.Event
) -> BatchJob:
    """The batch once it differs from the ETags (without any: from what it is now) or has finished.

    As it is, when the time is up or the service stops.
    """
    job = await read()
    known, waited = known or _etag(job), 0.0
    while waited < wait and not stopping.is_set() and not job.status.is_final and _matches(known, job):
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY):
                await stopping.wait()
        waited += LOOK_EVERY
        job = await read()
    return job


def _matches(if_none_match: str, job: BatchJob) -> bool:
    """By weak comparison, as RFC 9110 has it for this header: `*`, or one of a list."""
    given = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in given or _etag(job) in given


def _etag(job: BatchJob) -> str:
    return f'"{job.version}"'


def _page_after(cursor: str) -> PageAfter:
    created_at, batch_id = decode_cursor(cursor, 2)
    try:
        return PageAfter(created_at=datetime.fromisoformat(created_at), batch_id=UUID(batch_id))
    except ValueError:
        raise bad_cursor() from None
