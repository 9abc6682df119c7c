"""The five events of a batch. Their names and fields are stored in the log and never change.

    Submitted  Started+  (ReportSucceeded | ReportFailed)+  Finished

Refer to events through this module: `events.ReportSucceeded(...)`.
"""

from dataclasses import dataclass
from uuid import UUID

from domain.failures import FailureCode
from domain.statuses import BatchStatus
from domain.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """Version 1 of every stream: a user submitted reports, to be analysed in the order of `report_ids`.

    `retry_of` is the batch whose failed reports this batch retries, or None.
    """

    user_id: UUID
    tier: Tier
    report_ids: tuple[UUID, ...]
    retry_of: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A worker took the batch. The event raises the version, so a worker that held the batch can append nothing more.

    `attempt` is the number of attempts spent on the next report, counted from 1. Each outcome
    resets the count to 1, because the worker continues with the next report without another start. A start that does
    not count as an attempt keeps the count.
    """

    worker_id: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSucceeded:
    """The report was analysed; `duration_ms` is the time of the analysis in milliseconds."""

    report_id: UUID
    analysis_id: UUID
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFailed:
    """The report could not be analysed; `errors` are the fixed sentences of `domain.failures`."""

    report_id: UUID
    code: FailureCode
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The last event of every stream. `reason` is set if the batch was cancelled, otherwise None."""

    status: BatchStatus
    successful: int
    failed: int
    reason: str | None


Event = Submitted | Started | ReportSucceeded | ReportFailed | Finished
