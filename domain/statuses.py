"""The statuses of a batch and of a report, and the one rule by which a batch ends."""

from enum import StrEnum


class BatchStatus(StrEnum):
    """PENDING after `Submitted`, PROCESSING after `Started`, then one of the other three for ever."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        return self not in (BatchStatus.PENDING, BatchStatus.PROCESSING)


class ReportStatus(StrEnum):
    """`financial_reports.processing_status`: PROCESSING is the one report its batch is working on now."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


def final_status(*, successful: int, failed: int) -> BatchStatus:
    """All succeeded: COMPLETED. None succeeded: FAILED. Otherwise PARTIALLY_COMPLETED."""
    if not successful:
        return BatchStatus.FAILED
    return BatchStatus.PARTIALLY_COMPLETED if failed else BatchStatus.COMPLETED
