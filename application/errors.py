"""What can go wrong outside the domain's own rules.

ApplicationError
├── Conflict                    somebody else was faster: read again, decide again
│   ├── WrongExpectedVersion    .batch_id .expected_version
│   └── ReportsTaken          a report went into another batch meanwhile
├── StorageUnavailable          the database is away; the same call may succeed later
├── NotFound
│   ├── BatchNotFound           .batch_id
│   │   └── UnknownToTheLog     the same, for who may see every batch
│   ├── ReportNotFound          .report_id
│   └── AnalysisNotReady        .report_id
├── LogDamaged
│   ├── EventUnreadable         .batch_id .version
│   ├── SealedAlready           .batch_id .version
│   └── DamageFound              .found, what the audit says
├── ClockAhead                  this machine's clock is ahead of the database's
├── CannotSeal                  what is sealed already cannot be built upon
├── IdempotencyKeyReused        the same key with another request
├── IdempotencyKeyInFlight      the first request with this key has not ended
└── AnalysisError
    ├── ReportUnreadable        .code: a failure that repeats with the same bytes
    ├── AnalysisCrashed         the analysing process died; another attempt may succeed
    └── AnalyzerUnavailable     nothing was analysed; the same call may succeed shortly
"""

from uuid import UUID

from domain.failures import SENTENCES, FailureCode


class ApplicationError(Exception):
    """Base of everything below."""


class Conflict(ApplicationError):
    """Somebody else was faster."""


class WrongExpectedVersion(Conflict):
    def __init__(self, batch_id: UUID, expected_version: int) -> None:
        self.batch_id, self.expected_version = batch_id, expected_version
        super().__init__(f"Batch {batch_id} is not at version {expected_version} any more.")


class ReportsTaken(Conflict):
    def __init__(self) -> None:
        super().__init__("A report of this batch went into another batch meanwhile.")


class StorageUnavailable(ApplicationError):
    def __init__(self, why: str) -> None:
        super().__init__(f"The database cannot be used now ({why}): try again shortly.")


class NotFound(ApplicationError):
    """What was asked for does not exist, or is somebody else's."""


class BatchNotFound(NotFound):
    def __init__(self, batch_id: UUID) -> None:
        self.batch_id = batch_id
        super().__init__(f"There is no batch {batch_id} among yours.")


class UnknownToTheLog(BatchNotFound):
    """What an auditor or operator is told, who may see everything."""

    def __init__(self, batch_id: UUID, *, then: bool = False, archived: bool = False) -> None:
        super().__init__(batch_id)
        self.args = (f"The log knows no batch {batch_id}{' at that instant' if then else ''}.",)
        if archived:
            moved = f"The events of batch {batch_id} were moved into a file"
            self.args = (f"{moved}: `fna-batch audit acts` names the archives, the oldest whose `before` is higher.",)


class LogDamaged(ApplicationError):
    """Somebody changed the log behind its back: nothing is built upon that."""


class SealedAlready(LogDamaged):
    def __init__(self, batch_id: UUID, version: int) -> None:
        self.batch_id, self.version = batch_id, version
        super().__init__(
            f"Version {version} of batch {batch_id} was sealed already, and is gone: run `fna-batch audit verify`."
        )


class ClockAhead(ApplicationError):
    def __init__(self) -> None:
        super().__init__(
            "This would clean up to an instant that is still to come: the clock of this machine is ahead of the "
            "database's. Set it right; nothing was removed."
        )


class CannotSeal(ApplicationError):
    """What is sealed already cannot be built upon; `fna-batch audit verify` says more."""


class EventUnreadable(LogDamaged, ValueError):
    """Somebody changed the log behind its back: no event of ours has such a shape."""

    def __init__(self, batch_id: UUID, version: int, why: str) -> None:
        self.batch_id, self.version, self.why = batch_id, version, why
        super().__init__(f"Version {version} of batch {batch_id} cannot be read ({why}): run `fna-batch audit verify`.")


class ReportNotFound(NotFound):
    def __init__(self, report_id: UUID) -> None:
        self.report_id = report_id
        super().__init__(f"There is no report {report_id} among yours.")


class AnalysisNotReady(NotFound):
    def __init__(self, report_id: UUID) -> None:
        self.report_id = report_id
        super().__init__(f"Report {report_id} has no analysis yet: submit it in a batch and wait until that finishes.")


class IdempotencyKeyReused(ApplicationError):
    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with another request: use a new key for a new request.")


class IdempotencyKeyInFlight(ApplicationError):
    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is still running: repeat this one shortly.")


class AnalysisError(ApplicationError):
    """An analysis that gave no result."""


class ReportUnreadable(AnalysisError):
    """The report itself cannot be analysed; the same bytes always fail so."""

    def __init__(self, code: FailureCode) -> None:
        self.code = code
        super().__init__(SENTENCES[code])

    def __reduce__(self) -> tuple[type["ReportUnreadable"], tuple[FailureCode]]:
        return (type(self), (self.code,))


class AnalysisCrashed(AnalysisError):
    def __init__(self, why: str) -> None:
        super().__init__(f"The analysing process ended without a result ({why}).")


class AnalyzerUnavailable(AnalysisError):
    def __init__(self, why: str) -> None:
        super().__init__(f"The analyser cannot be reached now ({why}): try again shortly.")
