"""Response models: receipts, events, proofs, checkpoints, findings, operator actions."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from application.audit.batch_audit import History
from application.audit.findings import Finding, FindingKind
from application.audit.proofs import Consistency, Inclusion
from application.audit.receipts import Receipt
from application.log import StoredEvent
from application.operator_actions import OperatorAction
from entrypoints.http.fields import Instant
from entrypoints.http.schemas import BatchResponse


class ReceiptResponse(BaseModel):
    """Proof of submission: keep `note` outside this service. docs/verify.md says how to check it."""

    batch_id: UUID
    submitted_hash: str = Field(description="Hash of the batch's `Submitted` event, in hex.")
    recorded_at: Instant
    note: str = Field(description="The signed text, as a C2SP signed note.")
    inclusion: "InclusionResponse | None" = Field(description="Null until a checkpoint covers the submission.")

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptResponse":
        submitted = receipt.submitted
        return cls(
            batch_id=submitted.batch_id,
            submitted_hash=submitted.hash.hex(),
            recorded_at=submitted.recorded_at,
            note=receipt.note,
            inclusion=receipt.inclusion and InclusionResponse.of(receipt.inclusion),
        )


class InclusionResponse(BaseModel):
    """An RFC 6962 audit path from one entry to the root that a checkpoint signs."""

    leaf_index: int
    path: list[str] = Field(description="Hashes in hex, the lowest first.")
    checkpoint: str = Field(description="The signed checkpoint.")

    @classmethod
    def of(cls, proof: Inclusion) -> "InclusionResponse":
        path = [each.hex() for each in proof.path]
        return cls(leaf_index=proof.leaf_index, path=path, checkpoint=proof.checkpoint.note)


class ConsistencyResponse(BaseModel):
    """An RFC 6962 consistency proof: the newer tree begins with the older tree."""

    path: list[str] = Field(description="Hashes in hex, the lowest first.")
    old: str = Field(description="The older signed checkpoint.")
    new: str = Field(description="The newer one.")

    @classmethod
    def of(cls, proof: Consistency) -> "ConsistencyResponse":
        return cls(path=[each.hex() for each in proof.path], old=proof.old.note, new=proof.new.note)


class EventResponse(BaseModel):
    """One event as it is stored; `hash` covers everything else here (docs/event-log.md)."""

    batch_id: UUID
    version: int
    type: str
    schema_version: int
    data: dict[str, Any]
    metadata: dict[str, Any] = Field(description="`actor`, `correlation_id` and, where given, `reason` and others.")
    recorded_at: Instant
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, event: StoredEvent) -> "EventResponse":
        return cls.model_validate(event.hashed() | {"hash": event.hash.hex()})


class EventPage(BaseModel):
    events: list[EventResponse]
    next_cursor: str = Field(description="Pass as `cursor` to continue; no event ever appears before it.")


class FindingResponse(BaseModel):
    """One problem, and what it concerns."""

    kind: FindingKind = Field(description="`damage` to the log, `drift` of the read model, or another kind.")
    subject: str = Field(description="The table, or `table.column`.", examples=["batch_jobs.status"])
    batch_id: UUID | None
    version: int | None
    checkpoint: int | None
    act_id: UUID | None
    problem: str = Field(description="The problem, for people. Programs decide by `kind` and `subject`.")

    @classmethod
    def all_of(cls, findings: Iterable[Finding]) -> list["FindingResponse"]:
        return [cls.model_validate(finding.as_dict()) for finding in findings]


class HistoryResponse(BaseModel):
    """The events of a batch, and the status answer that its owner got at that instant."""

    batch_id: UUID
    as_of: Instant | None
    batch: BatchResponse | None = Field(description="Null if the events are damaged.")
    events: list[EventResponse]
    damage: list[FindingResponse] = Field(description="The damage to the events; empty if there is none.")

    @classmethod
    def of(cls, history: History) -> "HistoryResponse":
        return cls(
            batch_id=history.batch_id,
            as_of=history.as_of,
            batch=history.job and BatchResponse.of(history.job),
            events=[EventResponse.of(event) for event in history.events],
            damage=FindingResponse.all_of(history.damage),
        )


class ActResponse(BaseModel):
    """An action of an operator, or of a worker by itself, besides the events of batches (docs/event-log.md)."""

    act_id: UUID
    kind: str
    actor: str
    reason: str
    data: dict[str, Any]
    recorded_at: Instant
    hash: str

    @classmethod
    def of(cls, action: OperatorAction, stored_hash: bytes) -> "ActResponse":
        return cls.model_validate(action.hashed() | {"hash": stored_hash.hex()})


class ActPage(BaseModel):
    acts: list[ActResponse]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last.")


class VerifyResponse(BaseModel):
    batches: int = Field(description="The count of batches verified.")
    findings: list[FindingResponse] = Field(description="Every problem found; empty if there is none.")
    next_cursor: str | None = Field(description="Pass as `cursor` to continue; null after the last batch.")


class CheckpointResponse(BaseModel):
    size: int = Field(description="Entries that it covers.")
    note: str = Field(description="The checkpoint as a C2SP signed note.")


class CheckpointPage(BaseModel):
    public_key: str = Field(
        description="The key that signs now, as a C2SP verifier key. Compare it with the one you know."
    )
    checkpoints: list[CheckpointResponse] = Field(description="The newest first.")
    next_cursor: str | None = Field(description="Pass as `cursor` for older ones; null on the last page.")
