"""The statuses of a batch and of a report, and the rule for the final status of a batch."""

from enum import StrEnum


class BatchStatus(StrEnum):
    """The status of a batch: PENDING after `Submitted`, PROCESSING after `Started`, then one of the final ones."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        return self not in (BatchStatus.PENDING, BatchStatus.PROCESSING)


class ReportStatus(StrEnum):
    """The values of `financial_reports.processing_status`.

    At most one report of a batch is PROCESSING: the next one without an outcome, while the batch itself is PROCESSING.
    """

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


def final_status(*, successful: int, failed: int) -> BatchStatus:
    """Return COMPLETED if all reports succeeded, FAILED if none did, else PARTIALLY_COMPLETED."""
    if not successful:
        return BatchStatus.FAILED
    return BatchStatus.PARTIALLY_COMPLETED if failed else BatchStatus.COMPLETED
