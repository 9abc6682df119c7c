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
from entrypoints.http.dependencies import ActingFor, App, Caller, Query, RequestMetadata, Submit
from entrypoints.http.evidence import ReceiptResponse
from entrypoints.http.fields import AsOf
from entrypoints.http.paging import page_after, page_cursor
from entrypoints.http.problems import responses
from entrypoints.http.schemas import ActRequest, BatchPage, BatchResponse, SubmitRequest

router = APIRouter(prefix="/v1/reports/batch", tags=["batches"])
RETRY_AFTER = {"Retry-After": "1"}
IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=255, description="A key that makes it safe to repeat this request.")
]
POLL_S = 0.25
"""Seconds between two reads of a batch while a client waits for a change."""


@router.post("", status_code=202, summary="Submit a batch", responses=responses(401, 403, 404, 409, 413, 422, 429, 503))
async def submit_batch(
    caller: Caller,
    metadata: RequestMetadata,
    submit: Submit,
    app: App,
    response: Response,
    body: SubmitRequest,
    idempotency_key: IdempotencyKey = None,
) -> BatchResponse:
    """Store the batch and enqueue it. It will finish even if processes crash. Follow it at `Location`.

    `Batch-Receipt` is a signed proof of the submission (base64url of a C2SP signed note): keep it.
    """
    submission = Submission(
        user_id=caller.user_id,
        tier=caller.tier,
        report_ids=tuple(body.report_ids),
        reanalyze=body.reanalyze,
        idempotency_key=idempotency_key,
    )
    return _accepted(await submit(submission, metadata), response, app)


def _accepted(accepted: Accepted, response: Response, app: Container) -> BatchResponse:
    receipt = base64.urlsafe_b64encode(app.receipt_signer().sign(accepted.submitted).encode()).decode()
    location = f"/v1/reports/batch/{accepted.batch_id}"
    response.headers.update({"Location": location, "Batch-Receipt": receipt, **RETRY_AFTER})
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
    caller: Caller,
    query: Query,
    status: BatchStatus | None = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 20,
    cursor: str | None = None,
    as_of: Annotated[AsOf | None, QueryParameter(description="The list as it was at this instant.")] = None,
) -> BatchPage:
    """List batches. With `as_of`, the list is computed from the event log, with batches whose rows were removed.

    `next_cursor` is null on the last page; a page before it may hold fewer than `limit` batches.
    """
    after, user_id = page_after(cursor), caller.user_id
    if as_of is not None:
        page, following = await query.batches_as_of(user_id, as_of, status=status, limit=limit, after=after)
    else:
        page, following = await query.batches(user_id, status=status, limit=limit, after=after)
    return BatchPage(batches=[BatchResponse.of(job) for job in page], next_cursor=page_cursor(following))


@router.get(
    "/{batch_id}",
    summary="The status of a batch",
    responses={
        304: {"description": "The batch has not changed since the ETag given."},
        **responses(401, 404, 422, 429, 503),
    },
    response_model=BatchResponse,
)
async def get_batch(
    request: Request,
    caller: Caller,
    query: Query,
    batch_id: UUID,
    response: Response,
    as_of: Annotated[AsOf | None, QueryParameter(description="The answer as it was at this instant.")] = None,
    wait: Annotated[float, QueryParameter(ge=0, le=60, description="Seconds to wait for a change.")] = 0,
    if_none_match: Annotated[str | None, Header()] = None,
) -> BatchResponse | Response:
    """Return the batch, with one entry in `results` for each report that is done.

    `wait` with `If-None-Match` answers as soon as the batch differs from that ETag.
    """
    if as_of is not None:
        return BatchResponse.of(await query.batch_as_of(caller.user_id, batch_id, as_of))
    stopping = request.app.state.stopping
    job = await _wait_for_change(lambda: query.batch(caller.user_id, batch_id), if_none_match, wait, stopping)
    response.headers["ETag"] = _etag(job)
    if not job.status.is_final:
        response.headers.update(RETRY_AFTER)
    if if_none_match is not None and _matches(if_none_match, job):
        return Response(status_code=304, headers=dict(response.headers))
    return BatchResponse.of(job)


async def _wait_for_change(
    read: Callable[[], Awaitable[BatchJob]], known: str | None, wait: float, stopping: asyncio.Event
) -> BatchJob:
    """Return the batch once it differs from the known ETags (null: from its present one) or has finished.

    After `wait` seconds, or when the service stops, return it unchanged.
    """
    job = await read()
    known, waited = known or _etag(job), 0.0
    while waited < wait and not stopping.is_set() and not job.status.is_final and _matches(known, job):
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await stopping.wait()
        waited += POLL_S
        job = await read()
    return job


def _matches(if_none_match: str, job: BatchJob) -> bool:
    """Compare weakly, as RFC 9110 requires for this header: `*`, or one of a list."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or _etag(job) in tags


def _etag(job: BatchJob) -> str:
    return f'"{job.version}"'


@router.get(
    "/{batch_id}/receipt", summary="Proof that a batch was submitted", responses=responses(401, 404, 422, 429, 503)
)
async def get_receipt(caller: Caller, app: App, batch_id: UUID) -> ReceiptResponse:
    """Return the signed receipt; a few seconds after the submission, with the proof that the log includes it."""
    return ReceiptResponse.of(await app.receipts()(caller.user_id, batch_id))


@router.post("/{batch_id}/cancel", summary="Cancel a batch", responses=responses(401, 404, 409, 413, 422, 429, 503))
async def cancel_batch(
    asker: ActingFor, metadata: RequestMetadata, app: App, batch_id: UUID, body: ActRequest | None = None
) -> BatchResponse:
    """Finish the batch now: its reports without an outcome fail as `CANCELLED`. 409 if it has finished."""
    with_reason = replace(metadata, reason=body.reason if body else None)
    return BatchResponse.of(await app.cancel()(batch_id, asker, with_reason))


@router.post(
    "/{batch_id}/retry",
    status_code=202,
    summary="Submit the failed reports again",
    responses=responses(401, 403, 404, 409, 413, 422, 429, 503),
)
async def retry_batch(
    asker: ActingFor,
    metadata: RequestMetadata,
    submit: Submit,
    app: App,
    response: Response,
    batch_id: UUID,
    body: ActRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> BatchResponse:
    """Submit the failed reports of a finished batch as a new batch, linked to it; answered like a submission."""
    with_reason = replace(metadata, reason=body.reason if body else None)
    return _accepted(await submit.retry(batch_id, asker, idempotency_key, with_reason), response, app)
