"""Two workers and their clients over a real PostgreSQL, in an order of steps that hypothesis chooses.

Each task pauses before each of its transactions, before each append and before each analysis, until a rule lets it go
on. So takeovers, deaths and lost answers fall into every gap there is.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from psycopg.rows import dict_row

from application.audit.signed_notes import public_key
from application.log import Metadata
from application.submit import Submission
from domain import commands
from domain.refusals import Refusal
from domain.tiers import Tier
from tests.chaos.checker import (
    ANALYSES,
    EVENTS,
    JOBS,
    analysis_faults,
    order_faults,
    read_model_faults,
    stream_faults,
)
from tests.conftest import new_database
from tests.support.batches import ATTRIBUTION, all_findings, checked_offline, export_lines
from tests.support.builders import uploaded_reports
from tests.support.staged_workers import GO_ON, VERDICTS, Task, World

USERS = (UUID(int=1), UUID(int=2))
ROUNDS, EXAMPLES = 60, 18


class Interleavings(RuleBasedStateMachine):
    """The steps in between: of clients, workers, the queue, the audit and the operators."""

    server: str
    template: str

    def __init__(self) -> None:
        super().__init__()
        self.stack, self.batches, self.removed = ExitStack(), list[UUID](), set[str]()

    @initialize()
    def begin(self) -> None:
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        database = self.stack.enter_context(new_database(self.server, self.template))
        self.runner = self.stack.enter_context(asyncio.Runner())
        self.world = World(database, folder)
        self.runner.run(self.world.container.pool().open())

    # --- clients

    @precondition(lambda self: len(self.batches) < 4)
    @rule(user_id=st.sampled_from(USERS), count=st.integers(1, 3))
    def submit(self, user_id: UUID, count: int) -> None:
        async def submit() -> UUID:
            container = self.world.container
            report_ids = tuple(await uploaded_reports(container.storage(), user_id, count))
            submission = Submission(user_id=user_id, tier=Tier.ENTERPRISE, report_ids=report_ids)
            return (await container.submit()(submission, by(user_id))).batch_id

        self.batches.append(self.runner.run(submit()))

    @precondition(lambda self: self.batches)
    @rule(choice=st.data())
    def cancel(self, choice: st.DataObject) -> None:
        batch_id = choice.draw(st.sampled_from(self.batches))
        command = commands.Cancel(reason="changed my mind")

        async def cancel() -> None:
            try:
                await self.world.container.handler().handle(batch_id, command, by(USERS[0]))
            except Refusal:
                return

        self.runner.run(cancel())

    # --- workers

    @rule(number=st.integers(0, 1))
    def claim(self, number: int) -> None:
        self.run(self.world.workers[number].claim())

    @precondition(lambda self: self.world.paused())
    @rule(choice=st.data())
    def resume_one_task(self, choice: st.DataObject) -> None:
        paused = self.world.paused()
        task = paused[choice.draw(st.integers(0, len(paused) - 1))]
        kind, _ = self.world.stage.paused[task]
        self.resume(task, choice.draw(st.sampled_from(VERDICTS[kind])))

    @rule(number=st.integers(0, 1))
    def kill_worker(self, number: int) -> None:
        """End its tasks where they are paused; the database rolls their transactions back."""
        self.cancel_tasks(number)
        self.world.workers[number] = self.world.new_worker()

    @rule(number=st.integers(0, 1))
    def notice_lost_leases(self, number: int) -> None:
        self.cancel_tasks(number)

    @rule(number=st.integers(0, 1))
    def stop_worker(self, number: int) -> None:
        worker = self.world.workers[number]
        worker.stop()
        self.run(worker.drain())
        assert not worker.running
        self.world.workers[number] = self.world.new_worker()

    def cancel_tasks(self, number: int) -> None:
        async def cancel() -> None:
            tasks = list(self.world.workers[number].running.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.run(cancel())

    # --- the queue

    @rule()
    def empty_the_queue(self) -> None:
        self.sql("TRUNCATE pgqueuer, pgqueuer_log, pgqueuer_statistics")

    @rule(number=st.integers(0, 1))
    def reconcile(self, number: int) -> None:
        self.run(self.world.workers[number].reconciler.reconcile())

    @rule()
    def let_delays_pass(self) -> None:
        self.sql("UPDATE pgqueuer SET execute_after = now()")

    # --- the audit and the operators

    @rule()
    def seal_the_log(self) -> None:
        self.runner.run(self.world.container.sealer().seal())

    @rule()
    def rebuild_the_read_model(self) -> None:
        async def rebuild() -> None:
            async for _ in self.world.container.rebuild().everything(ATTRIBUTION):
                pass

        self.runner.run(rebuild())

    @rule()
    def remove_finished_batches_from_the_read_model(self) -> None:
        async def clean() -> None:
            async for _ in self.world.container.retention().clean(timedelta(0), ATTRIBUTION):
                pass

        self.runner.run(clean())
        self.removed |= set(self.streams()) - {job["batch_id"] for job in self.sql(JOBS)}

    @rule()
    def verify_an_export_offline(self) -> None:
        self.runner.run(self.export_and_verify())

    async def export_and_verify(self) -> None:
        container = self.world.container
        lines = [json.dumps(line) for line in await export_lines(container)]
        last = await container.sealed_log().latest()
        assert checked_offline(lines, [str(public_key(container.signer()))], [last.note] if last else []) == []

    # --- invariants

    @invariant()
    def the_log_is_in_order_and_the_audit_finds_nothing(self) -> None:
        if not hasattr(self, "world"):
            return
        for stream in self.streams().values():
            assert list(order_faults(stream)) == []
        assert self.runner.run(self.audit_findings()) == []

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.finish()
        finally:
            if hasattr(self, "world"):
                self.cancel_tasks(0)
                self.cancel_tasks(1)
                self.runner.run(self.world.container.pool().close())
            self.stack.close()

    def finish(self) -> None:
        """Let everything run without further disturbance, and check that every batch finished correctly."""
        for _ in range(ROUNDS):
            while paused := self.world.paused():
                self.resume(paused[0], GO_ON)
            if not self.world.tasks() and not self.unfinished():
                break
            self.run(self.world.workers[0].reconciler.reconcile())
            self.let_delays_pass()
            self.run(self.world.workers[0].claim())
            self.run(self.world.workers[1].claim())
        streams = self.streams()
        assert set(streams) == {str(batch_id) for batch_id in self.batches}
        jobs = {job["batch_id"]: job for job in self.sql(JOBS)}
        for batch_id, stream in streams.items():
            assert list(stream_faults(stream)) == []
            if batch_id not in self.removed or batch_id in jobs:
                assert list(read_model_faults(stream, jobs.get(batch_id))) == []
        analyses = {row["analysis_id"]: row for row in self.sql(ANALYSES)}
        assert list(analysis_faults(streams, analyses)) == []

    def unfinished(self) -> bool:
        return bool(self.sql("SELECT 1 FROM batch_jobs WHERE status IN ('PENDING', 'PROCESSING')"))

    def resume(self, task: Task, verdict: str) -> None:
        async def resume() -> None:
            self.world.stage.resume(task, verdict)

        self.run(resume())

    def run(self, step: Any) -> None:
        """Take the step, then let every task run until it is paused."""

        async def until_still() -> None:
            await step
            await self.world.until_still()

        self.runner.run(until_still())

    async def audit_findings(self) -> list[object]:
        return list(await all_findings(self.world.container))

    def streams(self) -> Mapping[str, list[dict[str, Any]]]:
        streams: dict[str, list[dict[str, Any]]] = {}
        for event in self.sql(EVENTS):
            streams.setdefault(event["batch_id"], []).append(event)
        return streams

    def sql(self, statement: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.world.database.admin_url, row_factory=dict_row, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def by(user_id: UUID) -> Metadata:
    return Metadata(actor=f"user:{user_id}", correlation_id=user_id)


def test_no_interleaving_loses_or_duplicates_an_event_or_a_batch(server: str, template: str) -> None:
    class Machine(Interleavings):
        pass

    Machine.server, Machine.template = server, template
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            phases=(Phase.reuse, Phase.generate),  # shrinking would run hundreds of slow examples
            suppress_health_check=list(HealthCheck),
        ),
    )
