"""Removals of the guarantees about submitting batches."""

from tests.removals.removal import Removal

READ_MODEL = "sql/migrations/versions/0001_baseline/read_model.sql"
RACES = "tests/adapters/test_races.py::"
WRITE_PATH = "tests/application/test_write_path.py::"

REMOVALS = (
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
        "tests/http/test_idempotency.py::test_a_repeated_key_replays_the_answer_and_is_refused_with_another_body",
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
)
