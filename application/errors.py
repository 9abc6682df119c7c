"""The errors of the application, besides the refusals of the domain. Most are defined beside the code that raises them.

ApplicationError
├── Conflict                       another writer was faster: read again and decide again
│   ├── WrongExpectedVersion       .batch_id .expected_version
│   └── ReportsTaken               another batch reserved one of the reports meanwhile
├── StorageUnavailable             the database is away; the same call may succeed later
├── NotFound
│   ├── BatchNotFound              .batch_id
│   │   └── UnknownToTheLog        the same, for auditors and operators, who may see every batch
│   ├── ReportNotFound             .report_id
│   ├── AnalysisNotReady           .report_id
│   └── NoSuchEvent                audit.proofs: a proof of an event that was never recorded
├── LogDamaged                     a stored event is not what was recorded
│   ├── EventUnreadable            .batch_id .version
│   ├── SealedAlready              .batch_id .version: a checkpoint covers this version, and the event is missing
│   ├── RootMismatch               audit.proofs: a leaf does not lead to the signed root
│   └── DamageFound                audit.findings: .findings of the audit
├── CannotSeal                     the latest checkpoint is not one that this machine may extend
├── NotSealed                      audit.proofs: no checkpoint covers the event yet
├── NoSuchTree                     audit.proofs: no checkpoint of that size
├── ArchivedMeanwhile              audit.export: events left the database while the log was read
├── InvalidNote                    audit.signed_notes: a signed note or key that proves nothing
├── WitnessUnreadable              audit.ports.witness: the checkpoint that this machine remembers
├── ClockAhead                     this machine's clock is ahead of the database's
├── RebuildRuns                    operations.rebuild: another rebuild has the shadow table
├── StillRunning                   operations.archive: batches in the range are unfinished
├── NotYetPast                     operations.archive: the range ends in the future
├── NothingToArchive               operations.archive: the range holds no batch
├── IdempotencyKeyReused           the same key with another request
├── IdempotencyKeyInFlight         the first request with this key is still running
├── InvalidToken                   ports.tokens: a token that proves nothing
├── UnsupportedFormat              upload: neither HTML, inline XBRL, text nor PDF
├── EmptyFile                      upload
├── FileTooLarge                   upload
└── AnalysisError                  an analysis without a result
    ├── ReportUnreadable           .code: a failure that repeats with the same bytes
    ├── AnalysisCrashed            the analysing process died; another attempt may succeed
    └── AnalyzerUnavailable        nothing was analysed; the same call may succeed shortly

Each message is one sentence or two: what happened, then what to do.
"""

from uuid import UUID

from domain.failures import SENTENCES, FailureCode


class ApplicationError(Exception):
    """Base of every error of the application."""


class Conflict(ApplicationError):
    """Another writer was faster."""


class WrongExpectedVersion(Conflict):
    def __init__(self, batch_id: UUID, expected_version: int) -> None:
        self.batch_id, self.expected_version = batch_id, expected_version
        super().__init__(f"Batch {batch_id} is no longer at version {expected_version}.")


class ReportsTaken(Conflict):
    def __init__(self) -> None:
        super().__init__("Another batch took one of the reports of this batch meanwhile.")


class StorageUnavailable(ApplicationError):
    def __init__(self, why: str) -> None:
        super().__init__(f"The database cannot be used now ({why}): try again shortly.")


class NotFound(ApplicationError):
    """The requested thing does not exist, or belongs to another user."""


class BatchNotFound(NotFound):
    def __init__(self, batch_id: UUID) -> None:
        self.batch_id = batch_id
        super().__init__(f"There is no batch {batch_id} among yours.")


class UnknownToTheLog(BatchNotFound):
    """BatchNotFound for auditors and operators, who may see every batch."""

    def __init__(self, batch_id: UUID, *, then: bool = False, archived: bool = False) -> None:
        super().__init__(batch_id)
        self.args = (f"The log knows no batch {batch_id}{' at that instant' if then else ''}.",)
        if archived:
            moved = f"The events of batch {batch_id} were moved into an archive file"
            listed = "`fna-batch audit acts` lists the archives; the batch is in the oldest whose `before` is higher"
            self.args = (f"{moved}: {listed}.",)


class LogDamaged(ApplicationError):
    """A stored event is not what was recorded. The service never builds on a damaged log."""


class SealedAlready(LogDamaged):
    def __init__(self, batch_id: UUID, version: int) -> None:
        self.batch_id, self.version = batch_id, version
        super().__init__(
            f"A checkpoint covers version {version} of batch {batch_id}, but the event is missing: "
            "run `fna-batch audit verify`."
        )


class EventUnreadable(LogDamaged, ValueError):
    """A stored event has a shape that the service never writes."""

    def __init__(self, batch_id: UUID, version: int, why: str) -> None:
        self.batch_id, self.version, self.why = batch_id, version, why
        super().__init__(f"Version {version} of batch {batch_id} cannot be read ({why}): run `fna-batch audit verify`.")


class CannotSeal(ApplicationError):
    """The latest checkpoint is not one that this machine may extend. `fna-batch audit verify` says more."""


class ClockAhead(ApplicationError):
    def __init__(self) -> None:
        super().__init__(
            "Nothing was removed: the clean-up would reach into the future, since this machine's clock is ahead of the "
            "database's. Set the clock and run it again."
        )


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
    """An analysis without a result."""


class ReportUnreadable(AnalysisError):
    """The report itself cannot be analysed; the same bytes always fail with this code."""

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
