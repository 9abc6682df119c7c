"""Removals of the guarantees about what operators do: retention, erasure, archives, rebuild, repair."""

from tests.removals.removal import Removal

ACTIONS = "sql/migrations/versions/0001_baseline/operator_actions.sql"
REBUILD = "tests/adapters/test_rebuild_concurrency.py::"
RETENTION = "tests/adapters/test_retention.py::"

REMOVALS = (
    Removal(
        "A machine whose clock is ahead removes no rows",
        ACTIONS,
        "> now() + INTERVAL '1 minute'",
        "> 'infinity'",
        RETENTION + "test_a_machine_whose_clock_is_ahead_removes_nothing",
    ),
    Removal(
        "An erasure also removes uploads and submits in flight",
        "sql/queries/wait_for_user.sql",
        "SELECT pg_advisory_xact_lock(",
        "SELECT length('data') + (",
        "tests/adapters/test_erasure.py::test_an_erasure_waits_for_uploads_and_submissions_in_flight",
    ),
    Removal(
        "An archive accounts only for the events that it holds",
        "application/audit/tree_audit.py",
        "            if leaves != part.events and part.size <= size:\n",
        "            if False:\n",
        "tests/adapters/test_archive.py::test_an_archive_does_not_excuse_more_events_than_it_holds",
    ),
    Removal(
        "Erased data does not come back",
        "sql/queries/add_from_shadow.sql",
        "        AND act.data -> 'batch_ids' ? shadow_jobs.batch_id::text)",
        "        AND false)",
        REBUILD + "test_a_rebuild_does_not_restore_what_was_erased_after_it_read_it",
    ),
    Removal(
        "Rows that retention removed are not drift and are not rebuilt",
        "application/audit/drift.py",
        "    before = max(kept_since, audited.cleaned_before or kept_since)\n",
        "    before = kept_since\n",
        RETENTION + "test_rows_that_retention_removed_are_not_drift_and_are_not_rebuilt",
    ),
    Removal(
        "Every repair is recorded with its actor and reason",
        "application/operations/rebuild.py",
        "        await self._record(tx, ActionKind.REPAIR, attribution, data)\n",
        "        pass\n",
        "tests/adapters/test_repair.py::test_one_batch_is_repaired_and_recorded",
    ),
    Removal(
        "Every repair is recorded with its actor and reason",
        "application/operations/rebuild.py",
        "dict.fromkeys(finding.subject for",
        "dict.fromkeys(finding.problem for",
        "tests/adapters/test_repair.py::test_no_value_of_a_row_edited_by_hand_reaches_the_operator_actions",
    ),
    Removal(
        "A rebuild that is killed before it replaces rows changes nothing",
        "adapters/postgres/operations/shadow_table.py",
        "        async with self._connection.transaction():\n            await execute",
        "        if True:\n            await execute",
        REBUILD + "test_a_rebuild_that_is_killed_changes_nothing",
    ),
)
