"""The five events of a batch. They are facts: names and fields are stored for ever.

    Submitted  Started+  (ReportSucceeded | ReportFailed)+  Finished

Use them through this module: `events.ReportSucceeded(...)`.
"""

from dataclasses import dataclass
from uuid import UUID

from domain.failures import FailureCode
from domain.statuses import BatchStatus
from domain.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """Version 1 of every stream: who asked for which reports, in which order; they failed in the batch `retry_of`."""

    user_id: UUID
    tier: Tier
    report_ids: tuple[UUID, ...]
    retry_of: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A worker took the batch. Raises the version, so whoever held it before can append nothing more.

    `attempt` counts from 1 the starts spent on the report that is next; it begins again after each outcome,
    and stays as it was when the worker before handed the batch back unharmed.
    """

    worker_id: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSucceeded:
    """One outcome of one report; `duration_ms` is the time its analysis took, in milliseconds."""

    report_id: UUID
    analysis_id: UUID
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFailed:
    """One outcome of one report; `errors` are the fixed sentences of `domain.failures`."""

    report_id: UUID
    code: FailureCode
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Last event of every stream. `reason` is given when a batch was cancelled, else null."""

    status: BatchStatus
    successful: int
    failed: int
    reason: str | None


Event = Submitted | Started | ReportSucceeded | ReportFailed | Finished
