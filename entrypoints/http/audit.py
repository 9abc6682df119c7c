"""The audit over HTTP, for tokens with the role `auditor`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import PlainTextResponse

from application.audit.proofs import NotSealed
from domain.statuses import BatchStatus
from entrypoints.http.dependencies import App, Verify, auditor
from entrypoints.http.evidence import (
    ActPage,
    ActResponse,
    CheckpointPage,
    CheckpointResponse,
    ConsistencyResponse,
    EventPage,
    EventResponse,
    FindingResponse,
    HistoryResponse,
    InclusionResponse,
    VerifyResponse,
)
from entrypoints.http.fields import AsOf
from entrypoints.http.paging import (
    encode_cursor,
    global_position_after,
    id_after,
    number_after,
    page_after,
    page_cursor,
)
from entrypoints.http.problems import responses
from entrypoints.http.schemas import BatchPage, BatchResponse

router = APIRouter(prefix="/v1/audit", tags=["audit"], dependencies=[Depends(auditor)])
COMMON = (401, 403, 422, 429, 503)
Size = Annotated[int | None, Query(ge=1, description="Entries that the checkpoint covers; the latest by default.")]


@router.get("/events", summary="The whole log, in commit order", responses=responses(*COMMON))
async def read_log(
    verification: Verify, limit: Annotated[int, Query(ge=1, le=1000)] = 100, cursor: str | None = None
) -> EventPage:
    """Return a page of the log. Continue with `next_cursor`, even after the last page: each event comes once."""
    after = global_position_after(cursor)
    page = await verification.log(after, limit)
    last = page[-1][0] if page else after
    events = [EventResponse.of(event) for _, event in page]
    return EventPage(events=events, next_cursor=encode_cursor(*map(str, last)))


@router.get("/batches", summary="A user's batches, at an instant or now", responses=responses(*COMMON))
async def list_batches(
    app: App,
    user_id: UUID,
    as_of: AsOf | None = None,
    status: BatchStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: str | None = None,
) -> BatchPage:
    """List batches computed from the event log, also those that retention removed from `batch_jobs`.

    `next_cursor` is null on the last page.
    """
    after = page_after(cursor)
    page, following = await app.queries().batches_as_of(user_id, as_of, status=status, limit=limit, after=after)
    return BatchPage(batches=[BatchResponse.of(job) for job in page], next_cursor=page_cursor(following))


@router.get("/batches/{batch_id}", summary="The history of a batch", responses=responses(404, *COMMON))
async def read_history(
    verification: Verify,
    batch_id: UUID,
    as_of: Annotated[AsOf | None, Query(description="Only events recorded up to this instant.")] = None,
) -> HistoryResponse:
    """Return every event with its time, actor and reason, and the status answer of that instant.

    404 if the batch was submitted after `as_of`.
    """
    return HistoryResponse.of(await verification.history(batch_id, as_of))


@router.get("/acts", summary="What operators did, and why", responses=responses(*COMMON))
async def list_acts(
    verification: Verify, limit: Annotated[int, Query(ge=1, le=1000)] = 100, cursor: str | None = None
) -> ActPage:
    """List operator actions: rebuilds, repairs, clean-ups, erasures, archives. Cancels and retries are events."""
    page = await verification.actions(after=id_after(cursor), limit=limit + 1)
    actions = [ActResponse.of(action, hash_) for action, hash_ in page[:limit]]
    following = encode_cursor(str(actions[-1].act_id)) if len(page) > limit else None
    return ActPage(acts=actions, next_cursor=following)


@router.get("/verify", summary="Verify the log and the read model", responses=responses(*COMMON))
async def verify(
    verification: Verify,
    batch_id: Annotated[UUID | None, Query(description="One batch; all batches, page by page, by default.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Batches per page.")] = 500,
    cursor: str | None = None,
) -> VerifyResponse:
    """Check the events, leaves and rows of batches; with the first page, also the checkpoints.

    The checkpoint that this machine remembers is one of them. `fna-batch audit verify` recomputes the whole tree.
    """
    if batch_id is not None:
        verified = await verification.batch(batch_id)
        return VerifyResponse(batches=1, findings=FindingResponse.all_of(verified.findings), next_cursor=None)
    page = await verification.page(id_after(cursor), limit)
    return VerifyResponse(
        batches=page.batches,
        findings=FindingResponse.all_of(page.findings),
        next_cursor=encode_cursor(str(page.following)) if page.following else None,
    )


@router.get("/checkpoints", summary="The signed checkpoints, newest first", responses=responses(*COMMON))
async def list_checkpoints(
    app: App,
    verification: Verify,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: str | None = None,
) -> CheckpointPage:
    """List checkpoints. Keep one from time to time outside this service: it reveals a rolled back or rewritten log."""
    page = await verification.checkpoints(below=number_after(cursor), limit=limit + 1)
    return CheckpointPage(
        public_key=str(app.receipt_signer().public_key),
        checkpoints=[CheckpointResponse(size=each.size, note=each.note) for each in page[:limit]],
        next_cursor=encode_cursor(str(page[limit - 1].size)) if len(page) > limit else None,
    )


@router.get(
    "/checkpoints/latest",
    summary="The latest checkpoint, as it was signed",
    response_class=PlainTextResponse,
    responses=responses(409, *COMMON),
)
async def latest_checkpoint(verification: Verify) -> PlainTextResponse:
    """Return a C2SP signed note (tlog-checkpoint)."""
    last = await verification.latest_checkpoint()
    if last is None:
        raise NotSealed("anything")
    return PlainTextResponse(last.note)


@router.get("/proofs/inclusion", summary="Prove that the log includes an event", responses=responses(404, 409, *COMMON))
async def prove_inclusion(
    app: App, batch_id: UUID, version: Annotated[int, Query(ge=1)] = 1, size: Size = None
) -> InclusionResponse:
    """Return the audit path from the event to the root that a checkpoint signs."""
    return InclusionResponse.of(await app.proofs().inclusion(batch_id, version, size))


@router.get("/proofs/consistency", summary="Prove that the log only grew", responses=responses(404, 409, *COMMON))
async def prove_consistency(app: App, old: Annotated[int, Query(ge=1)], new: Size = None) -> ConsistencyResponse:
    """Return the proof that the tree of `new` entries begins with the tree of `old` entries."""
    return ConsistencyResponse.of(await app.proofs().consistency(old, new))
