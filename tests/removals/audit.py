"""Removals of the guarantees about the audit: tree, checkpoints, verification, receipts."""

from tests.removals.removal import Removal

TREE = "sql/migrations/versions/0001_baseline/tree.sql"
ACTIONS = "sql/migrations/versions/0001_baseline/operator_actions.sql"
APPEND_ONLY = "tests/adapters/test_append_only.py::"
SEALING = "tests/adapters/test_sealing.py::"
DETECTION = "tests/adapters/tampering/test_detection.py::"
ROLLBACK = "tests/adapters/tampering/test_rollback.py::"
TAMPERING_REFUSALS = "tests/adapters/tampering/test_refusals.py::"

REMOVALS = (
    Removal(
        "No entry ever appears before a sealed one",
        "sql/queries/unsealed_entries.sql",
        "       AND event.transaction_id < pg_snapshot_xmin(pg_current_snapshot())\n",
        "",
        SEALING + "test_an_event_that_an_open_transaction_could_still_precede_is_not_sealed",
    ),
    Removal(
        "Operator actions, tree and checkpoints are never changed or deleted",
        TREE,
        "CREATE TRIGGER checkpoints_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints",
        "CREATE TRIGGER checkpoints_are_append_only BEFORE UPDATE ON checkpoints",
        APPEND_ONLY + "test_operator_actions_leaves_and_checkpoints_cannot_be_changed",
    ),
    Removal(
        "Checkpoints form a single chain",
        TREE,
        "UNIQUE NULLS NOT DISTINCT (previous_size)",
        "CHECK (true)",
        APPEND_ONLY + "test_checkpoints_are_one_chain",
    ),
    Removal(
        "The sealer never extends a tree that does not match its checkpoint",
        "application/audit/sealer.py",
        "if before is not None and tree.root != before.root:",
        "if False:",
        TAMPERING_REFUSALS + "test_the_sealer_refuses_leaves_that_do_not_give_the_signed_root",
    ),
    Removal(
        "Tampering with the log is found and named",
        "application/audit/stream_checks.py",
        "        elif hashes[version] != leaf_data:",
        "        elif False:",
        DETECTION + "test_tampering_is_found_and_named",
    ),
    Removal(
        "Tampering with the log is found and named",
        "application/audit/tree_walk.py",
        "if signed.root != self.tree.root and self._roots_match:",
        "if False:",
        DETECTION + "test_tampering_is_found_and_named",
    ),
    Removal(
        "Tampering with the log is found and named",
        "sql/queries/audited_events.sql",
        "<= (sealed.transaction_id, sealed.position) AS inserted_behind_checkpoint",
        "< ('0', 0) AS inserted_behind_checkpoint",
        DETECTION + "test_tampering_is_found_and_named",
    ),
    Removal(
        "A kept checkpoint reveals a log that was rolled back or rewritten",
        "application/audit/tree_audit.py",
        "        if kept.root != root\n",
        "        if False\n",
        ROLLBACK + "test_a_kept_checkpoint_reveals_a_database_that_was_rolled_back",
    ),
    Removal(
        "A kept checkpoint reveals a log that was rolled back or rewritten",
        "application/audit/verification.py",
        "        return (kept if note is None else [*kept, note]), []\n",
        "        return kept, []\n",
        ROLLBACK + "test_every_verification_reports_a_log_without_the_checkpoint_that_this_machine_remembers",
    ),
    Removal(
        "The audit accepts signatures only from keys that the settings trust",
        "application/audit/signed_notes.py",
        "    if not signed:\n",
        "    if False:\n",
        ROLLBACK + "test_another_key_cannot_rewrite_the_whole_log_unnoticed",
    ),
    Removal(
        "The sealer refuses to sign a different history after checkpoints were removed",
        "application/audit/sealer.py",
        "        if stored is None or stored.note != note:\n",
        "        if False:\n",
        TAMPERING_REFUSALS + "test_the_sealer_signs_nothing_after_checkpoints_were_removed",
    ),
    Removal(
        "A receipt or proof is given only for an event that leads to the signed root",
        "application/audit/proofs.py",
        "        if roots != {self._signed_root(checkpoint)}:\n",
        "        if False:\n",
        TAMPERING_REFUSALS + "test_no_receipt_or_proof_is_given_for_a_batch_whose_leaves_were_rewritten_too",
    ),
    Removal(
        "Malformed stored values never abort a read",
        "adapters/postgres/pool.py",
        "        read_anything(connection)\n",
        "",
        DETECTION + "test_malformed_stored_values_never_abort_a_read",
    ),
    Removal(
        "The audit ignores an operator action that was altered",
        "adapters/postgres/audit/actions.py",
        "        if action.computed_hash() == hash_:\n",
        "        if True:\n",
        DETECTION + "test_tampering_is_found_and_named",
    ),
    Removal(
        "The audit ignores an operator action that no checkpoint will ever cover",
        ACTIONS,
        "       OR (act.transaction_id, act.position) > (sealed.transaction_id, sealed.position)\n",
        "       OR true\n",
        DETECTION + "test_tampering_is_found_and_named",
    ),
    Removal(
        "A receipt proves a submission",
        "application/audit/signed_notes.py",
        "submitted {submitted.hex()}\\n",
        "submitted\\n",
        "tests/http/test_audit.py::test_a_receipt_names_the_submission_and_its_time",
    ),
)
