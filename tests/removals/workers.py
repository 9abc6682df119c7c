"""Removals of the guarantees about workers: leases, take-over, attempts, and what they record."""

from tests.removals.removal import Removal

WORKER = "adapters/pgqueuer/worker.py"
RECONCILER = "adapters/pgqueuer/reconciler.py"
ANALYSIS = "adapters/analysis/process_pool.py"
HEARTBEATS = "tests/adapters/test_worker_heartbeats.py::"
TAKEOVER = "tests/adapters/test_worker_takeover.py::"
SHUTDOWN = "tests/adapters/test_worker_shutdown.py::"
RECONCILE = "tests/adapters/test_worker_reconcile.py::"
WRITE_PATH = "tests/application/test_write_path.py::"

REMOVALS = (
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
        "tests/application/test_processing.py::test_waiting_for_a_slot_costs_no_attempt",
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
        "tests/application/test_processing.py::test_a_report_that_may_have_killed_its_worker_is_analysed_alone",
    ),
    Removal(
        "A temporary failure of the analyser is retried, not recorded",
        "application/process.py",
        "            except AnalyzerUnavailable:\n                await self._sleep(wait)\n",
        "            except AnalyzerUnavailable:\n                break\n",
        "tests/application/test_processing.py::test_an_analyser_that_cannot_be_reached_is_called_again_before_an_attempt_is_spent",
    ),
    Removal(
        "Users share the analysing processes fairly",
        "application/fair_slots.py",
        "                self._waiting[user_id] = waiters  # behind all other users\n",
        "                self._waiting = OrderedDict([(user_id, waiters), *self._waiting.items()])\n",
        "tests/application/test_fair_slots.py::test_slots_alternate_between_users_however_many_batches_each_has",
    ),
    Removal(
        "Workers wait while the database is away, and keep their results",
        "application/process.py",
        "            except StorageUnavailable:\n                await self._pause()\n",
        "            except StorageUnavailable:\n                raise\n",
        "tests/application/test_outages.py::test_while_the_database_is_away_the_worker_waits_and_keeps_its_analyses",
    ),
    Removal(
        "An outcome is recorded once even if the database's answer is lost",
        "application/process.py",
        "        except NotNextReport:  # the outcome was recorded, but the database's answer got lost\n",
        "        except ZeroDivisionError:\n",
        "tests/application/test_outages.py::test_an_outcome_whose_answer_got_lost_is_recorded_once",
    ),
)
