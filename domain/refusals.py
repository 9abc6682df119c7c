"""The refusals of a command.

    Refusal
    ├── NothingSubmitted       an empty list of reports
    ├── ReportListedTwice      .report_ids
    ├── TooManyReports         .given .limit .tier
    ├── ReportsUnknown         .report_ids: unknown, or another user's
    ├── ReportsBusy            .report_ids: in another unfinished batch
    ├── ReportsAnalysed        .report_ids: already analysed, and `reanalyze` is not set
    ├── TooManyActiveBatches   .limit .tier
    ├── BatchExists            a second Submit to the same stream
    ├── BatchUnknown           any other command to an empty stream
    ├── BatchFinished          any command after Finished
    ├── BatchUnfinished        a retry of a batch that has not finished
    ├── NothingToRetry         no report of the batch failed
    ├── NotHolder              .holder: the worker does not hold the batch
    └── NotNextReport          an outcome out of the order of `report_ids`, or a second one

Each message is one sentence for the client that sent the command.
"""

from collections.abc import Iterable
from uuid import UUID

from domain.tiers import Tier


class Refusal(Exception):
    """The batch does not accept the command in its current state."""


class _AboutReports(Refusal):
    text = ""

    def __init__(self, report_ids: Iterable[UUID]) -> None:
        self.report_ids = tuple(report_ids)
        super().__init__(f"{self.text}: {', '.join(map(str, self.report_ids))}.")


class NothingSubmitted(Refusal):
    def __init__(self) -> None:
        super().__init__("A batch needs at least one report.")


class ReportListedTwice(_AboutReports):
    text = "A batch may list a report only once; these reports are listed more than once"


class TooManyReports(Refusal):
    def __init__(self, *, given: int, limit: int, tier: Tier) -> None:
        self.given, self.limit, self.tier = given, limit, tier
        super().__init__(
            f"The {tier} tier allows {limit} reports in a batch, and {given} were given: "
            "submit them as several batches, or upgrade the subscription."
        )


class ReportsUnknown(_AboutReports):
    text = "You have no such reports; upload them first"


class ReportsBusy(_AboutReports):
    text = "These reports are in another unfinished batch; wait until it has finished"


class ReportsAnalysed(_AboutReports):
    text = 'These reports have already been analysed; read their analyses or submit them with "reanalyze": true'


class TooManyActiveBatches(Refusal):
    def __init__(self, *, limit: int, tier: Tier) -> None:
        self.limit, self.tier = limit, tier
        super().__init__(f"The {tier} tier allows {limit} unfinished batches at once: wait until one has finished.")


class BatchExists(Refusal):
    def __init__(self) -> None:
        super().__init__("This batch has already been submitted.")


class BatchUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("There is no such batch.")


class BatchFinished(Refusal):
    def __init__(self) -> None:
        super().__init__("This batch has finished and takes no further events.")


class BatchUnfinished(Refusal):
    def __init__(self) -> None:
        super().__init__("This batch is still being worked on: wait until it has finished, or cancel it.")


class NothingToRetry(Refusal):
    def __init__(self) -> None:
        super().__init__("No report of this batch failed: there is nothing to retry.")


class NotHolder(Refusal):
    def __init__(self, *, holder: str | None, worker_id: str) -> None:
        self.holder = holder
        super().__init__(f"Worker {worker_id} does not hold this batch; {holder or 'no worker'} does.")


class NotNextReport(Refusal):
    def __init__(self, *, given: UUID, expected: UUID) -> None:
        super().__init__(f"Report {given} is not the next to be recorded; report {expected} is.")
