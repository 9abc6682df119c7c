"""Submitting batches and following them."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi import Query as QueryParameter

from application.read_model import BatchJob
from application.submit import Accepted, Submission
from domain.statuses import BatchStatus
from entrypoints.container import Container
from entrypoints.http.dependencies import Acting, Asked, Asker, Own, Query, Submit
from entrypoints.http.evidence import ReceiptResponse
from entrypoints.http.fields import AsOf
from entrypoints.http.paging import page_after, page_cursor
from entrypoints.http.problems import responses
from entrypoints.http.schemas import ActRequest, BatchPage, BatchResponse, SubmitRequest

router = APIRouter(prefix="/v1/reports/batch", tags=["batches"])
ASK_AGAIN = {"Retry-After": "1"}
IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=255, description="Makes it safe to send this request again.")
]
LOOK_EVERY = 0.25
"""Seconds between two looks at a batch that somebody waits for."""


@router.post("", status_code=202, summary="Submit a batch", responses=responses(401, 403, 404, 409, 413, 422, 429, 503))
async def submit_batch(
    asker: Asker,
    asked: Asked,
    submit: Submit,
    own: Own,
    response: Response,
    body: SubmitRequest,
    idempotency_key: IdempotencyKey = None,
) -> BatchResponse:
    """Accepted means stored: the batch will finish, whatever dies in between. Follow it at `Location`.

    `Batch-Receipt` is a signed proof of the submission (base64url of a C2SP signed note): keep it.
    """
    submission = Submission(
        user_id=asker.user_id,
        tier=asker.tier,
        report_ids=tuple(body.report_ids),
        reanalyze=body.reanalyze,
        idempotency_key=idempotency_key,
    )
    return _accepted(await submit(submission, asked), response, own)


def _accepted(accepted: Accepted, response: Response, own: Container) -> BatchResponse:
    receipt = base64.urlsafe_b64encode(own.receipts().note(accepted.submitted).encode()).decode()
    location = f"/v1/reports/batch/{accepted.batch_id}"
    response.headers.update({"Location": location, "Batch-Receipt": receipt, **ASK_AGAIN})
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
    as_of: Annotated[AsOf | None, QueryParameter(description="The list as it was at this instant.")] = None,
) -> BatchPage:
    """With `as_of` the list as it was then, told by the log: also what retention has removed since.

    The end is where `next_cursor` is null: a page may hold fewer than `limit` before it.
    """
    after, user_id = page_after(cursor), asker.user_id
    if as_of is not None:
        found, more = await query.batches_as_of(user_id, as_of, status=status, limit=limit, after=after)
    else:
        found, more = await query.batches(user_id, status=status, limit=limit, after=after)
    return BatchPage(batches=[BatchResponse.of(job) for job in found], next_cursor=page_cursor(more))


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
    as_of: Annotated[AsOf | None, QueryParameter(description="The answer as it was at this instant.")] = None,
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


@router.get(
    "/{batch_id}/receipt", summary="Proof that a batch was submitted", responses=responses(401, 404, 422, 429, 503)
)
async def get_receipt(asker: Asker, own: Own, batch_id: UUID) -> ReceiptResponse:
    """Signed; and, from a few seconds after the submission on, with the proof that the log holds it."""
    return ReceiptResponse.of(await own.receipts()(asker.user_id, batch_id))


@router.post("/{batch_id}/cancel", summary="Cancel a batch", responses=responses(401, 404, 409, 413, 422, 429, 503))
async def cancel_batch(
    acting: Acting, asked: Asked, own: Own, batch_id: UUID, body: ActRequest | None = None
) -> BatchResponse:
    """What has no outcome yet fails as `CANCELLED`, and the batch finishes at once; 409 where it has finished."""
    metadata = replace(asked, reason=body.reason if body else None)
    return BatchResponse.of(await own.cancel()(batch_id, acting, metadata))


@router.post(
    "/{batch_id}/retry",
    status_code=202,
    summary="Submit the failed reports again",
    responses=responses(401, 403, 404, 409, 413, 422, 429, 503),
)
async def retry_batch(
    acting: Acting,
    asked: Asked,
    submit: Submit,
    own: Own,
    response: Response,
    batch_id: UUID,
    body: ActRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> BatchResponse:
    """A new batch of the reports that failed in a finished one, linked to it; answered as a submission is."""
    metadata = replace(asked, reason=body.reason if body else None)
    return _accepted(await submit.retry(batch_id, acting, idempotency_key, metadata), response, own)
