"""Batches in a World: submitted, started, or processed by a worker whose analyser follows a script."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from application.errors import ReportUnreadable
from application.fair_slots import FairSlots
from application.log import Metadata
from application.operator_actions import Attribution
from application.ports.analyzer import Analyzer
from application.ports.worker import Lease
from application.process import ProcessBatch
from application.submit import Submission
from domain import commands
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode
from domain.reports import ReportFormat
from domain.tiers import Tier
from tests.application.conftest import World
from tests.support.builders import ANALYSIS, uploaded_reports

USER, STRANGER = UUID(int=1), UUID(int=2)
ASKED = Metadata(actor=f"user:{USER}", correlation_id=UUID(int=5))
WHY = Attribution(actor="operator:test", reason="a test")


class ScriptedAnalyzer(Analyzer):
    """Raises or calls one entry of the script for each report; then analyses every report."""

    def __init__(self, *script: Exception | Callable[[], object] | None) -> None:
        self.script, self.analysed = list(script), 0

    async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
        step = self.script.pop(0) if self.script else None
        if isinstance(step, Exception):
            raise step
        if step is not None:
            step()
        self.analysed += 1
        return ANALYSIS


@dataclass
class HeldLease(Lease):
    """Remembers its marks."""

    counts_as_attempt: bool = False
    marks: list[str] = field(default_factory=list)

    async def mark_analysing(self) -> None:
        self.marks.append("analysing")

    async def mark_waiting(self) -> None:
        self.marks.append("waiting")


@dataclass
class Sleeps:
    """Remembers the seconds instead of sleeping."""

    waited: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.waited.append(seconds)


async def no_pause() -> None:
    return None


def worker(
    world: World, analyzer: Analyzer, slots: FairSlots | None = None, sleep: Sleeps | None = None
) -> ProcessBatch:
    return ProcessBatch(
        world.storage,
        world.handler,
        analyzer,
        world.clock,
        world.new_id,
        max_attempts=3,
        slots=slots or FairSlots(1),
        backoff=lambda: [1.0, 2.0],
        sleep=sleep or Sleeps(),
        pause=no_pause,
        stopwatch=lambda: 0.0,
    )


async def submitted(world: World, reports: int = 2, user_id: UUID = USER) -> UUID:
    report_ids = tuple(await uploaded_reports(world.storage, user_id, reports))
    submission = Submission(user_id=user_id, tier=Tier.ENTERPRISE, report_ids=report_ids)
    return (await world.submit(submission, ASKED)).batch_id


async def started(world: World, reports: int = 2, user_id: UUID = USER, worker_id: str = "w1") -> UUID:
    batch_id = await submitted(world, reports, user_id)
    await world.handler.handle(batch_id, commands.Start(worker_id=worker_id, max_attempts=3), ASKED)
    return batch_id


async def finished(world: World, reports: int = 2, user_id: UUID = USER, failed: int = 0) -> UUID:
    """Submit a batch and process it; its first `failed` reports fail."""
    batch_id = await submitted(world, reports, user_id)
    analyzer = ScriptedAnalyzer(*[ReportUnreadable(FailureCode.CORRUPTED_FILE)] * failed)
    await worker(world, analyzer)(batch_id, "w1", HeldLease())
    return batch_id
