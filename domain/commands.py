"""The commands of a batch. Each command carries the ids, limits and facts that `decide` needs."""

from collections.abc import Set
from dataclasses import dataclass
from uuid import UUID

from domain.failures import FailureCode
from domain.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Create a batch that analyses `report_ids` in the given order.

    The sets hold facts about these reports: `available` exist and belong to the user, `busy` are in another unfinished
    batch, `analysed` already have an analysis. `active_batches` is the number of the user's unfinished batches,
    `report_limit` and `active_limit` are the limits of the user's tier. `retry_of` is the batch whose failed reports
    this batch retries.
    """

    user_id: UUID
    tier: Tier
    report_ids: tuple[UUID, ...]
    reanalyze: bool
    available: Set[UUID]
    busy: Set[UUID]
    analysed: Set[UUID]
    report_limit: int
    active_batches: int
    active_limit: int
    retry_of: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Take the batch over, or continue processing it.

    `counts_as_attempt` is false if no report of the batch was being analysed before this start; the start then spends
    no attempt. `worker_id` identifies one lease and is never reused, so `decide` can refuse a worker that has lost the
    batch.
    """

    worker_id: str
    max_attempts: int
    counts_as_attempt: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSuccess:
    """Record that the next report was analysed; `duration_ms` is the time of the analysis in milliseconds."""

    worker_id: str
    report_id: UUID
    analysis_id: UUID
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFailure:
    """Record that the next report cannot be analysed, with the reason as a code."""

    worker_id: str
    report_id: UUID
    code: FailureCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Finish the batch now; every report without an outcome fails as CANCELLED.

    `reason` must match `domain.reasons.REASON`.
    """

    reason: str


Command = Submit | Start | RecordSuccess | RecordFailure | Cancel
