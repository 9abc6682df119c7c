"""What can be asked of a batch. Ids, limits and everything known about the reports arrive on the command."""

from collections.abc import Set
from dataclasses import dataclass
from uuid import UUID

from domain.failures import FailureCode
from domain.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Analyse `report_ids` in this order.

    The sets say what is known of these reports: `available` exist and belong to the user, `busy` are in another
    unfinished batch, `analysed` have an analysis. `active_batches` counts the user's unfinished batches.
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
    """Take the batch over, or go on with it.

    `counts_as_attempt` is false when no report was being analysed before: the start then spends no attempt.
    `worker_id` names one lease and is never reused, so a worker that lost the batch is refused.
    """

    worker_id: str
    max_attempts: int
    counts_as_attempt: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSuccess:
    worker_id: str
    report_id: UUID
    analysis_id: UUID
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFailure:
    worker_id: str
    report_id: UUID
    code: FailureCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Finish now; what has no outcome yet fails as CANCELLED. `reason` is one that `domain.reasons` allows."""

    reason: str


Command = Submit | Start | RecordSuccess | RecordFailure | Cancel
