"""The audit over HTTP: for tokens with the role `auditor`."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import PlainTextResponse

from application.audit.batch_audit import Finding
from application.audit.proofs import NotSealed
from application.audit.signed_notes import public_key
from domain.statuses import BatchStatus
from entrypoints.http.dependencies import Own, auditor
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
from entrypoints.http.paging import encode_cursor, id_after, number_after, page_after, page_cursor, position_after
from entrypoints.http.problems import responses
from entrypoints.http.schemas import BatchPage, BatchResponse

router = APIRouter(prefix="/v1/audit", tags=["audit"], dependencies=[Depends(auditor)])
COMMON = (401, 403, 422, 429, 503)
Size = Annotated[int | None, Query(ge=1, description="Entries that the checkpoint covers; by default the latest.")]


@router.get("/events", summary="The whole log, in the order of commits", responses=responses(*COMMON))
async def read_log(own: Own, limit: Annotated[int, Query(ge=1, le=1000)] = 100, cursor: str | None = None) -> EventPage:
    """Go on with `next_cursor`, also after the end: what was read need not be read again, nothing is left out."""
    place = position_after(cursor)
    async with own.storage().transaction() as tx:
        found = await tx.events.log(place, limit)
    last = found[-1][0] if found else place
    events = [EventResponse.of(event) for _, event in found]
    return EventPage(events=events, next_cursor=encode_cursor(*map(str, last)))


@router.get("/batches", summary="A user's batches, at an instant or now", responses=responses(*COMMON))
async def list_batches(
    own: Own,
    user_id: UUID,
    as_of: AsOf | None = None,
    status: BatchStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: str | None = None,
) -> BatchPage:
    """Told by the log: also what retention has removed from `batch_jobs`. The end is where `next_cursor` is null."""
    after = page_after(cursor)
    found, more = await own.queries().batches_as_of(user_id, as_of, status=status, limit=limit, after=after)
    return BatchPage(batches=[BatchResponse.of(job) for job in found], next_cursor=page_cursor(more))


@router.get("/batches/{batch_id}", summary="What happened to a batch", responses=responses(404, *COMMON))
async def read_history(
    own: Own,
    batch_id: UUID,
    as_of: Annotated[AsOf | None, Query(description="Only what was recorded up to this instant.")] = None,
) -> HistoryResponse:
    """Every event with its time, actor and reason, and the status answer of that instant. 404 before the submission."""
    return HistoryResponse.of(await own.audit().history(batch_id, as_of))


@router.get("/acts", summary="What operators did, and why", responses=responses(*COMMON))
async def list_acts(own: Own, limit: Annotated[int, Query(ge=1, le=1000)] = 100, cursor: str | None = None) -> ActPage:
    """Rebuilds, repairs, clean-ups, erasures and archives; cancels and retries are events of their batch."""
    found = await own.sealed_log().acts(after=id_after(cursor), limit=limit + 1)
    acts = [ActResponse.model_validate(act.hashed() | {"hash": hash_.hex()}) for act, hash_ in found[:limit]]
    more = encode_cursor(str(acts[-1].act_id)) if len(found) > limit else None
    return ActPage(acts=acts, next_cursor=more)


@router.get("/verify", summary="Can log and read model be believed?", responses=responses(*COMMON))
async def verify(
    own: Own,
    batch_id: Annotated[UUID | None, Query(description="One batch; without it, all, page by page.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Batches a page.")] = 500,
    cursor: str | None = None,
) -> VerifyResponse:
    """Chains, streams, seals and drift of batches; with the first page, the latest checkpoint.

    `fna-batch audit verify` recomputes the whole tree besides.
    """
    audit = own.audit()
    if batch_id is not None:
        after = None
        found = [each async for each in audit.verify(batch_id)]
        checked: Sequence[tuple[UUID, Sequence[Finding]]] = [*found, (batch_id, await own.seal_audit().batch(batch_id))]
    else:
        checked, after = await audit.verify_from(id_after(cursor), limit)
    findings: list[Finding] = [] if cursor else list(await own.seal_audit().sound())
    findings += [finding for _, found in checked for finding in found]
    return VerifyResponse(
        batches=len({batch_id for batch_id, _ in checked}),
        findings=[FindingResponse.model_validate(finding, from_attributes=True) for finding in findings],
        next_cursor=encode_cursor(str(after)) if after else None,
    )


@router.get("/checkpoints", summary="The signed checkpoints, newest first", responses=responses(*COMMON))
async def list_checkpoints(
    own: Own, limit: Annotated[int, Query(ge=1, le=1000)] = 100, cursor: str | None = None
) -> CheckpointPage:
    """Keep one now and then where we cannot reach it: it shows a log that was rolled back or rewritten."""
    below = number_after(cursor)
    found = await own.sealed_log().newest(below=below, limit=limit + 1)
    return CheckpointPage(
        public_key=str(public_key(own.signer())),
        checkpoints=[CheckpointResponse(size=each.size, note=each.note) for each in found[:limit]],
        next_cursor=encode_cursor(str(found[limit - 1].size)) if len(found) > limit else None,
    )


@router.get(
    "/checkpoints/latest",
    summary="The latest checkpoint, as it was signed",
    response_class=PlainTextResponse,
    responses=responses(409, *COMMON),
)
async def latest_checkpoint(own: Own) -> PlainTextResponse:
    """A C2SP signed note (tlog-checkpoint)."""
    last = await own.sealed_log().latest()
    if last is None:
        raise NotSealed("anything")
    return PlainTextResponse(last.note)


@router.get("/proofs/inclusion", summary="That the log holds an event", responses=responses(404, 409, *COMMON))
async def prove_inclusion(
    own: Own, batch_id: UUID, version: Annotated[int, Query(ge=1)] = 1, size: Size = None
) -> InclusionResponse:
    return InclusionResponse.of(await own.proofs().inclusion(batch_id, version, size))


@router.get("/proofs/consistency", summary="That the log only grew", responses=responses(404, 409, *COMMON))
async def prove_consistency(own: Own, old: Annotated[int, Query(ge=1)], new: Size = None) -> ConsistencyResponse:
    """That what the checkpoint over `new` entries signs begins with what the one over `old` entries signed."""
    return ConsistencyResponse.of(await own.proofs().consistency(old, new))
