"""`make removals`: takes each guarantee away, once, and sees its test fail.

Works on a copy of the tree. Each row names the guarantee as docs/guarantees.md does, the place that gives it, and what
to put there instead.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PARTS = ("domain", "application", "adapters", "entrypoints", "sql", "features", "tests", "samples", "docs")
FILES = ("pyproject.toml", "alembic.ini", "README.md")


class Removal(NamedTuple):
    guarantee: str
    file: str
    old: str
    new: str
    test: str


BASELINE = "sql/migrations/versions/0001_baseline"
LOG = f"{BASELINE}/event_log.sql"
PARTITIONS = f"{BASELINE}/partitions.sql"
TREE = f"{BASELINE}/tree.sql"
ACTIONS = f"{BASELINE}/operator_actions.sql"
READ_MODEL = f"{BASELINE}/read_model.sql"
WORKER = "adapters/pgqueuer/worker.py"
RECONCILER = "adapters/pgqueuer/reconciler.py"
POOL = "adapters/postgres/pool.py"
ANALYSIS = "adapters/analysis/process_pool.py"
LOG_TESTS = "tests/adapters/test_event_log.py::"
RACES = "tests/adapters/test_races.py::"
LOG_READING = "tests/adapters/test_log_reading.py::"
SEALING = "tests/adapters/test_sealing.py::"
TAMPERING = "tests/adapters/test_tampering.py::"
REBUILD = "tests/adapters/test_rebuild.py::"
HEARTBEATS = "tests/adapters/test_worker_heartbeats.py::"
TAKEOVER = "tests/adapters/test_worker_takeover.py::"
SHUTDOWN = "tests/adapters/test_worker_shutdown.py::"
RECONCILE = "tests/adapters/test_worker_reconcile.py::"
WRITE_PATH = "tests/application/test_write_path.py::"
PROCESSING = "tests/application/test_processing.py::"
OUTAGES = "tests/application/test_outages.py::"
BOUNDS = "tests/http/test_bounds.py::"

REMOVALS = (
    Removal(
        "A stream has exactly one event per version, without gaps",
        LOG,
        "    PRIMARY KEY (batch_id, version),\n",
        "",
        LOG_TESTS + "test_a_version_that_is_taken",
    ),
    Removal(
        "A stream has exactly one event per version, without gaps",
        LOG,
        "(head.version IS NULL OR head.type = 'Finished'",
        "(head.type = 'Finished'",
        LOG_TESTS + "test_a_version_that_leaves_a_gap",
    ),
    Removal(
        "A batch records at most one outcome per report",
        LOG,
        "CREATE UNIQUE INDEX batch_events_one_outcome",
        "CREATE INDEX batch_events_one_outcome",
        LOG_TESTS + "test_a_second_outcome_for_the_same_report",
    ),
    Removal(
        "A batch records at most one outcome per report",
        LOG,
        "coalesce(data ->> 'report_id', '') ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'",
        "true",
        LOG_TESTS + "test_an_outcome_of_no_report_or_of_one_spelled_another_way",
    ),
    Removal(
        "A version that a checkpoint covers is never appended again",
        LOG,
        "        IF FOUND THEN\n",
        "        IF false THEN\n",
        "tests/adapters/test_tampering.py::test_nothing_is_written_over_an_end_that_was_cut_off",
    ),
    Removal(
        "A batch has one `Finished` event, and nothing follows it",
        LOG,
        "(head.version IS NULL OR head.type = 'Finished'",
        "(head.version IS NULL",
        LOG_TESTS + "test_anything_after_finished",
    ),
    Removal(
        "`recorded_at` never goes back within a batch",
        LOG,
        " OR head.recorded_at > appended.recorded_at\n",
        "\n",
        LOG_TESTS + "test_a_time_before_that_of_the_event_before",
    ),
    Removal(
        "`recorded_at` never goes back within a batch",
        "application/handler.py",
        "max(self._clock(), head.recorded_at)",
        "self._clock()",
        WRITE_PATH + "test_events_are_chained_and_their_time_never_goes_back",
    ),
    Removal(
        "Events are never changed or deleted",
        PARTITIONS,
        "BEFORE UPDATE OR DELETE OR TRUNCATE ON %s",
        "BEFORE UPDATE ON %s",
        LOG_TESTS + "test_changes_by_the_owner_are_refused_by_a_trigger",
    ),
    Removal(
        "Events are never changed or deleted",
        "sql/migrations/grants.sql",
        "GRANT SELECT ON batch_events TO fna_batch_app;",
        "GRANT SELECT, UPDATE, DELETE, TRUNCATE ON batch_events TO fna_batch_app;",
        LOG_TESTS + "test_changes_by_the_service_are_refused_by_its_privileges",
    ),
    Removal(
        "Each event links to the hash of the event before it",
        LOG,
        "OR head.hash <> appended.previous_hash OR",
        "OR",
        LOG_TESTS + "test_an_event_that_does_not_link_to_the_one_before",
    ),
    Removal(
        "The database assigns position and transaction id",
        LOG,
        "WHERE transaction_id <> pg_current_xact_id()",
        "WHERE false",
        LOG_TESTS + "test_a_transaction_that_the_owner_chose",
    ),
    Removal(
        "A worker that lost a batch records nothing more",
        "domain/batch.py",
        "    if command.worker_id != batch.worker_id:\n",
        "    if False:\n",
        WRITE_PATH + "test_a_worker_that_lost_the_batch_records_nothing_more",
    ),
    Removal(
        "A worker that lost a batch cannot start it again with the same lease",
        "domain/batch.py",
        "    if command.worker_id in batch.lost_by:\n",
        "    if False:\n",
        "tests/domain/test_batch_properties.py::test_a_worker_that_lost_the_batch_appends_no_more_events",
    ),
    Removal(
        "A worker that lost a batch stops analysing it",
        WORKER,
        "                self._loop.call_soon_threadsafe(task.cancel)\n",
        "                pass\n",
        TAKEOVER + "test_a_worker_that_lost_its_lease_stops_processing_the_batch",
    ),
    Removal(
        "A report is in at most one unfinished batch",
        READ_MODEL,
        "    report_id uuid PRIMARY KEY,\n    batch_id  uuid NOT NULL\n",
        "    report_id uuid,\n    batch_id  uuid NOT NULL\n",
        "tests/contracts/test_batch_jobs.py::test_a_report_is_in_one_unfinished_batch_only",
    ),
    Removal(
        "Concurrent submits cannot exceed the limit of unfinished batches",
        "application/submit.py",
        "        await tx.submissions.lock_user(submission.user_id)\n",
        "",
        RACES + "test_concurrent_submissions_cannot_exceed_the_limit_of_unfinished_batches",
    ),
    Removal(
        "Repeated submits with one idempotency key create one batch",
        "application/submit.py",
        "            await tx.submissions.remember_key(key_owner, key, fingerprint, batch_id)\n",
        "            pass\n",
        "tests/http/test_errors.py::test_an_idempotency_key_with_another_body",
    ),
    Removal(
        "A 202 means that the batch is stored and enqueued",
        "application/submit.py",
        "        await tx.queue.enqueue(batch_id)\n",
        "",
        WRITE_PATH + "test_submitting_appends_projects_and_enqueues",
    ),
    Removal(
        "A 202 means that the batch is stored and enqueued",
        "adapters/postgres/storage.py",
        "async with self._pool.connection() as connection, connection.transaction():",
        "async with self._pool.connection() as connection:",
        RACES + "test_a_submission_that_fails_after_enqueueing_leaves_no_queue_entry",
    ),
    Removal(
        "An analysis and its event are stored together or not at all",
        "application/handler.py",
        "            if also is not None:\n                await also(tx)\n            return stream.batch",
        "            return stream.batch",
        WRITE_PATH + "test_a_batch_is_processed_in_the_order_given",
    ),
    Removal(
        "`batch_jobs` equals the fold of the log",
        "application/handler.py",
        "        await tx.batch_jobs.save(stream.job)\n",
        "        await tx.batch_jobs.save(Stream(stream.events[:1]).job)\n",
        WRITE_PATH + "test_a_batch_is_processed_in_the_order_given",
    ),
    Removal(
        "Another worker takes over the batches of a dead worker",
        "adapters/pgqueuer/claimer.py",
        "dequeue(room, BATCHES, self._worker_id, None, self._expiry.age_after_read())",
        "dequeue(room, BATCHES, self._worker_id, None, timedelta(days=1))",
        TAKEOVER + "test_a_dead_worker_s_batch_is_taken_over",
    ),
    Removal(
        "Another worker takes over the batches of a dead worker",
        "adapters/pgqueuer/claimer.py",
        "self._eager + await self._count_interrupted()",
        "self._eager",
        TAKEOVER + "test_a_busy_worker_takes_over_all_batches_of_a_worker_that_is_gone_at_once",
    ),
    Removal(
        "Another worker takes over the batches of a dead worker",
        RECONCILER,
        "if dead := self._liveness.dead_workers():",
        "if dead := []:",
        TAKEOVER + "test_a_dead_local_worker_s_leases_are_released_before_they_expire",
    ),
    Removal(
        "A slow worker keeps its batches",
        WORKER,
        "        self._heartbeat.start()\n",
        "        self._heartbeat._thread.run = lambda: None\n        self._heartbeat.start()\n",
        HEARTBEATS + "test_a_slow_worker_keeps_its_batch_for_as_long_as_it_needs",
    ),
    Removal(
        "A slow worker keeps its batches",
        "adapters/pgqueuer/heartbeat.py",
        "self.deadline if timeout is None else timeout",
        "timeout",
        HEARTBEATS + "test_heartbeats_continue_after_their_connection_stopped_answering",
    ),
    Removal(
        "An unfinished batch without a usable queue entry is enqueued again",
        RECONCILER,
        '                await PgQueuerDispatcher(connection).enqueue(row["batch_id"])\n',
        "                pass\n",
        RECONCILE + "test_an_unfinished_batch_without_a_queue_entry_is_enqueued_again",
    ),
    Removal(
        "A deployment does not count as an attempt",
        WORKER,
        "hand_back(counts_as_attempt=lease.next_start_counts_as_attempt)",
        "hand_back(counts_as_attempt=True)",
        SHUTDOWN + "test_a_deploy_costs_no_attempt_of_a_report_being_analysed",
    ),
    Removal(
        "A deployment does not count as an attempt",
        ANALYSIS,
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})",
        "signal.pthread_sigmask(signal.SIG_BLOCK, set())",
        "tests/adapters/test_process_pool.py::test_sigterm_and_sigint_do_not_end_an_analysing_process",
    ),
    Removal(
        "A deployment does not count as an attempt",
        "adapters/pgqueuer/lease.py",
        "        if self._is_stopping():\n            raise asyncio.CancelledError\n",
        "",
        SHUTDOWN + "test_a_stopped_worker_begins_no_further_report",
    ),
    Removal(
        "A slow worker keeps its batches",
        "adapters/pgqueuer/lease_expiry.py",
        "            self._no_expiry_before = now + timeout / 2\n",
        "            pass\n",
        HEARTBEATS + "test_after_an_outage_live_workers_renew_their_leases_before_any_lease_expires",
    ),
    Removal(
        "An unfinished batch without a usable queue entry is enqueued again",
        RECONCILER,
        '            await connection.execute(query("repair_queue"))\n',
        "",
        RECONCILE + "test_a_queue_entry_that_no_worker_would_claim_is_repaired",
    ),
    Removal(
        "Waiting for a slot does not count as an attempt",
        "application/process.py",
        "            while_waiting = _nothing if counts_as_attempt else lease.mark_waiting\n",
        "            while_waiting = _nothing\n",
        PROCESSING + "test_waiting_for_a_slot_costs_no_attempt",
    ),
    Removal(
        "A worker that is told to stop always stops",
        "adapters/pgqueuer/tasks.py",
        "        _, tasks = await asyncio.wait(tasks, timeout=every)\n",
        "        _, tasks = await asyncio.wait(tasks)\n",
        SHUTDOWN + "test_a_cancellation_that_got_lost_is_repeated",
    ),
    Removal(
        "A report that crashes its worker fails alone",
        "domain/batch.py",
        "    if not command.counts_as_attempt or batch.attempt < command.max_attempts:\n",
        "    if True:\n",
        "tests/domain/test_batch.py::test_a_report_whose_attempts_are_spent_fails_and_the_next_is_processed",
    ),
    Removal(
        "A report that crashes its worker fails alone",
        ANALYSIS,
        "    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))\n",
        "",
        "tests/adapters/test_process_pool.py::test_a_report_that_exceeds_the_memory_limit_ends_only_its_process",
    ),
    Removal(
        "A report that crashes its worker fails alone",
        "application/process.py",
        "            tried_before = batch.attempt + counts_as_attempt > 1\n",
        "            tried_before = False\n",
        PROCESSING + "test_a_report_that_may_have_killed_its_worker_is_analysed_alone",
    ),
    Removal(
        "A temporary failure of the analyser is retried, not recorded",
        "application/process.py",
        "            except AnalyzerUnavailable:\n                await self._sleep(wait)\n",
        "            except AnalyzerUnavailable:\n                break\n",
        PROCESSING + "test_an_analyser_that_cannot_be_reached_is_called_again_before_an_attempt_is_spent",
    ),
    Removal(
        "Users share the analysing processes fairly",
        "application/fair_slots.py",
        "                self._waiting[user_id] = waiters  # behind all other users\n",
        "                self._waiting = OrderedDict([(user_id, waiters), *self._waiting.items()])\n",
        "tests/application/test_fair_slots.py::test_slots_alternate_between_users_however_many_batches_each_has",
    ),
    Removal(
        "A request never hangs on an unresponsive database",
        POOL,
        "            return await super().wait(gen, interval, self.deadline if timeout is None else timeout)\n",
        "            return await super().wait(gen, interval, timeout)\n",
        "tests/http/test_errors.py::test_the_database_does_not_answer",
    ),
    Removal(
        "The database ends statements and idle transactions that last too long",
        "sql/queries/bound_session.sql",
        "set_config('statement_timeout', %(statement)s, false)",
        "set_config('statement_timeout', coalesce('0', %(statement)s), false)",
        BOUNDS + "test_a_lock_that_nobody_gives_up_holds_up_nobody_else",
    ),
    Removal(
        "The database ends statements and idle transactions that last too long",
        "sql/queries/bound_session.sql",
        "set_config('idle_in_transaction_session_timeout', %(idle)s, false)",
        "set_config('idle_in_transaction_session_timeout', coalesce('0', %(idle)s), false)",
        BOUNDS + "test_a_transaction_that_is_left_alone_is_ended_by_the_server",
    ),
    Removal(
        "A process opens no more connections than configured",
        POOL,
        "        max_size=size,\n",
        "        max_size=10 * size,\n",
        BOUNDS + "test_more_requests_than_connections_wait_their_turn",
    ),
    Removal(
        "Workers wait while the database is away, and keep their results",
        "application/process.py",
        "            except StorageUnavailable:\n                await self._pause()\n",
        "            except StorageUnavailable:\n                raise\n",
        OUTAGES + "test_while_the_database_is_away_the_worker_waits_and_keeps_its_analyses",
    ),
    Removal(
        "An outcome is recorded once even if the database's answer is lost",
        "application/process.py",
        "        except NotNextReport:  # the outcome was recorded, but the database's answer got lost\n",
        "        except ZeroDivisionError:\n",
        OUTAGES + "test_an_outcome_whose_answer_got_lost_is_recorded_once",
    ),
    Removal(
        "Within a batch, commit order is the order of versions",
        LOG,
        "           OR (head.transaction_id > appended.transaction_id\n"
        "               AND head.transaction_id < pg_snapshot_xmax(pg_current_snapshot()))\n",
        "",
        LOG_READING + "test_an_append_that_would_come_before_its_head_in_the_order_of_commits",
    ),
    Removal(
        "No event ever appears behind the cursor of a reader",
        "sql/queries/log_after.sql",
        "WHERE transaction_id < pg_snapshot_xmin(pg_current_snapshot())\n",
        "WHERE true\n",
        LOG_READING + "test_nothing_is_read_that_an_open_transaction_can_still_precede",
    ),
    Removal(
        "No entry ever appears before a sealed one",
        "sql/queries/unsealed_entries.sql",
        "       AND event.transaction_id < pg_snapshot_xmin(pg_current_snapshot())\n",
        "",
        SEALING + "test_what_an_open_transaction_can_still_precede_is_not_sealed",
    ),
    Removal(
        "Operator actions, tree and checkpoints are never changed or deleted",
        TREE,
        "CREATE TRIGGER checkpoints_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints",
        "CREATE TRIGGER checkpoints_are_append_only BEFORE UPDATE ON checkpoints",
        LOG_TESTS + "test_what_proves_the_log_is_never_changed",
    ),
    Removal(
        "Checkpoints form a single chain",
        TREE,
        "UNIQUE NULLS NOT DISTINCT (previous_size)",
        "CHECK (true)",
        LOG_TESTS + "test_checkpoints_are_one_chain",
    ),
    Removal(
        "The sealer never extends a tree that does not match its checkpoint",
        "application/audit/sealer.py",
        "if before is not None and tree.root != before.root:",
        "if False:",
        TAMPERING + "test_nobody_seals_on_top_of_what_does_not_fit",
    ),
    Removal(
        "Tampering with the log is found and named",
        "application/audit/stream_checks.py",
        "        elif hashes[version] != leaf_data:",
        "        elif False:",
        TAMPERING + "test_tampering_is_found_and_named",
    ),
    Removal(
        "Tampering with the log is found and named",
        "application/audit/tree_walk.py",
        "if signed.root != self.tree.root and self._roots_match:",
        "if False:",
        TAMPERING + "test_tampering_is_found_and_named",
    ),
    Removal(
        "Tampering with the log is found and named",
        "sql/queries/audited_events.sql",
        "<= (sealed.transaction_id, sealed.position) AS inserted_behind_checkpoint",
        "< ('0', 0) AS inserted_behind_checkpoint",
        TAMPERING + "test_tampering_is_found_and_named",
    ),
    Removal(
        "A kept checkpoint reveals a log that was rolled back or rewritten",
        "application/audit/tree_audit.py",
        "        if kept.root != root\n",
        "        if False\n",
        TAMPERING + "test_a_database_that_was_rolled_back_is_found_by_a_kept_checkpoint",
    ),
    Removal(
        "Only signatures of keys that the settings trust count",
        "application/audit/signed_notes.py",
        "    if not signed:\n",
        "    if False:\n",
        TAMPERING + "test_a_log_that_was_rewritten_as_a_whole_with_another_key_is_found",
    ),
    Removal(
        "The sealer signs no other history after checkpoints were removed",
        "application/audit/sealer.py",
        "        if stored is None or stored.note != note:\n",
        "        if False:\n",
        TAMPERING + "test_who_has_no_key_gets_nothing_signed_anew",
    ),
    Removal(
        "A receipt or proof is given only for an event that leads to the signed root",
        "application/audit/proofs.py",
        "        if roots != {self._signed_root(checkpoint)}:\n",
        "        if False:\n",
        TAMPERING + "test_nothing_is_signed_whose_leaf_was_rewritten_as_well",
    ),
    Removal(
        "Malformed stored values never abort a read",
        "adapters/postgres/pool.py",
        "        read_anything(connection)\n",
        "",
        TAMPERING + "test_what_no_program_can_hold_stops_no_reader",
    ),
    Removal(
        "An altered operator action excuses nothing",
        "adapters/postgres/audit/actions.py",
        "        if action.computed_hash() == hash_:\n",
        "        if True:\n",
        TAMPERING + "test_tampering_is_found_and_named",
    ),
    Removal(
        "A machine whose clock is ahead removes no rows",
        ACTIONS,
        "> now() + INTERVAL '1 minute'",
        "> 'infinity'",
        "tests/adapters/test_retention.py::test_a_clock_that_is_ahead_removes_nothing",
    ),
    Removal(
        "An erasure also removes uploads and submits in flight",
        "sql/queries/wait_for_user.sql",
        "SELECT pg_advisory_xact_lock(",
        "SELECT length('data') + (",
        "tests/adapters/test_erasure.py::test_an_erasure_waits_for_what_is_in_flight",
    ),
    Removal(
        "An operator action excuses nothing if no checkpoint will ever cover it",
        ACTIONS,
        "       OR (act.transaction_id, act.position) > (sealed.transaction_id, sealed.position)\n",
        "       OR true\n",
        TAMPERING + "test_tampering_is_found_and_named",
    ),
    Removal(
        "An archive excuses only the events that it holds",
        "application/audit/tree_audit.py",
        "            if leaves != part.events and part.size <= size:\n",
        "            if False:\n",
        "tests/adapters/test_retention.py::test_an_archive_excuses_no_older_leaf_that_was_renamed",
    ),
    Removal(
        "A receipt proves a submission",
        "application/audit/signed_notes.py",
        "submitted {submitted.hex()}\\n",
        "submitted\\n",
        "tests/http/test_audit.py::test_a_receipt_names_the_submission_and_when_it_was",
    ),
    Removal(
        "Free text in the log is one short line",
        LOG,
        "CHECK (is_a_reason(data ->> 'reason') AND is_a_reason(metadata ->> 'reason'))",
        "CHECK (true)",
        LOG_TESTS + "test_a_reason_that_is_no_short_line",
    ),
    Removal(
        "Events of every released schema version can be read",
        "adapters/codec/events.py",
        '{("Submitted", 1): _submitted_2}',
        "{}",
        "tests/adapters/test_codec.py::test_a_released_shape_decodes_to_the_event_that_was_encoded",
    ),
    Removal(
        "Erased data does not come back",
        "sql/queries/add_from_shadow.sql",
        "        AND act.data -> 'batch_ids' ? shadow_jobs.batch_id::text)",
        "        AND false)",
        REBUILD + "test_what_was_erased_while_a_rebuild_ran_does_not_come_back",
    ),
    Removal(
        "Rows that retention removed are not drift and are not rebuilt",
        "application/audit/drift.py",
        "    before = max(kept_since, audited.cleaned_before or kept_since)\n",
        "    before = kept_since\n",
        SEALING + "test_retention_does_not_look_like_drift_and_is_not_undone",
    ),
    Removal(
        "Every repair is recorded with its actor and reason",
        "application/operations/rebuild.py",
        "        await self._record(tx, ActionKind.REPAIR, attribution, data)\n",
        "        pass\n",
        REBUILD + "test_one_batch_is_repaired_and_recorded",
    ),
    Removal(
        "A rebuild that is killed changes nothing",
        "adapters/postgres/operations/shadow_table.py",
        "        async with self._connection.transaction():\n            await execute",
        "        if True:\n            await execute",
        REBUILD + "test_a_rebuild_that_is_killed_leaves_what_was",
    ),
)


def main() -> int:
    unnoticed = [removal for removal in chosen() if not noticed(removal)]
    for removal in unnoticed:
        print(f"NOBODY NOTICED: {removal.guarantee} ({removal.file}), {removal.test}")
    return 1 if unnoticed else 0


def chosen() -> Iterator[Removal]:
    asked = sys.argv[1:]
    yield from (each for each in REMOVALS if not asked or any(word in each.guarantee + each.test for word in asked))


def noticed(removal: Removal) -> bool:
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for part in PARTS:
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in FILES:
            shutil.copy(ROOT / file, copy / file)
        place = copy / removal.file
        text = place.read_text()
        assert text.count(removal.old) == 1, f"{removal.file} has changed, so has {removal.guarantee}"
        before = ran(copy, removal.test)
        place.write_text(text.replace(removal.old, removal.new))
        after = ran(copy, removal.test)
    seen = (before, after) == (0, 1)
    print(
        f"{'noticed' if seen else f'with it {before}, without {after}'}: {removal.guarantee}: {removal.test}",
        flush=True,
    )
    return seen


def ran(copy: Path, test: str) -> int:
    """The exit code of pytest: 0 where the test passed, 1 where it failed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-o", "faulthandler_timeout=60", test],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        timeout=300,
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(main())
