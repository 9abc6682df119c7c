"""The state of the storage in memory: one value, copied by each transaction."""

from dataclasses import dataclass, field
from uuid import UUID

from application.log import StoredEvent
from application.operator_actions import OperatorAction
from application.read_model import BatchJob
from domain.analysis import NarrativeAnalysis
from domain.reports import Report


@dataclass(kw_only=True)
class State:
    events: dict[UUID, tuple[StoredEvent, ...]] = field(default_factory=dict)
    jobs: dict[UUID, BatchJob] = field(default_factory=dict)
    busy: dict[UUID, UUID] = field(default_factory=dict)
    reports: dict[UUID, Report] = field(default_factory=dict)
    contents: dict[UUID, bytes] = field(default_factory=dict)
    analyses: dict[UUID, tuple[UUID, UUID, NarrativeAnalysis]] = field(default_factory=dict)
    keys: dict[tuple[UUID, str], tuple[bytes, UUID]] = field(default_factory=dict)
    queue: tuple[UUID, ...] = ()
    log: tuple[StoredEvent, ...] = ()
    actions: tuple[OperatorAction, ...] = ()

    def copy(self) -> "State":
        return State(
            events=self.events.copy(),
            jobs=self.jobs.copy(),
            busy=self.busy.copy(),
            reports=self.reports.copy(),
            contents=self.contents.copy(),
            analyses=self.analyses.copy(),
            keys=self.keys.copy(),
            queue=self.queue,
            log=self.log,
            actions=self.actions,
        )
