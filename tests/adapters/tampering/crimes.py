"""Every crime, what the audit says about it, and whether an export shows it to the independent verifier."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from tests.adapters.tampering.events import (
    change_the_actor,
    change_the_data,
    change_the_time,
    exchange_versions,
    give_a_batch_the_nil_id,
    insert_an_event,
    insert_an_event_of_a_transaction_that_has_not_started,
    insert_an_event_with_a_leaf_far_away,
    nest_json_beyond_the_decoder,
    nest_json_beyond_the_encoder,
    remove_a_batch,
    remove_a_batch_and_its_leaves,
    remove_a_batch_and_renumber_the_leaves,
    remove_an_event,
    remove_the_last_events,
    reorder_events,
    rewrite_a_stream,
    rewrite_a_stream_and_its_leaves,
    write_a_number_beyond_floats,
)
from tests.adapters.tampering.operator_actions import (
    ARCHIVE,
    ARCHIVE_OF_ALL_IDS,
    CLEANUP,
    ERASURE,
    Transaction,
    change_an_action,
    date_an_action_before_christ,
    forge_a_cleanup_on_no_day,
    forged_action,
    remove_an_action,
)
from tests.adapters.tampering.scene import CrimeScene
from tests.adapters.tampering.tree import (
    add_a_subtree,
    change_the_time_of_a_checkpoint,
    date_a_checkpoint_at_infinity,
    duplicate_a_checkpoint,
    move_the_position_of_a_checkpoint,
    remove_the_first_checkpoint,
    remove_the_latest_checkpoint,
    sign_a_checkpoint_with_another_key,
)


class Offline(Enum):
    """Whether the independent verifier finds the crime in an export.

    An export holds what is sealed, in the order in which it was sealed, so it lacks some traces.
    """

    FOUND = auto()
    FOUND_WITH_A_KEPT_CHECKPOINT = auto()
    NOT_FOUND = auto()


FOUND_WITH_A_KEPT_CHECKPOINT, NOT_FOUND = Offline.FOUND_WITH_A_KEPT_CHECKPOINT, Offline.NOT_FOUND
NOW, NOT_STARTED = Transaction.NOW, Transaction.NOT_STARTED


@dataclass(frozen=True)
class Crime:
    commit: Callable[[CrimeScene], None]
    problem: str
    """Part of what the online audit says."""
    offline: Offline = Offline.FOUND

    def __str__(self) -> str:
        return self.commit.__name__


EVENT_MISSING = "version 1: a checkpoint covers the event, but the event is missing"
ROW_MISSING = "batch_jobs has no row for it"
CHANGED_4 = "version 4: its content does not match its hash"

CRIMES = [
    Crime(change_the_data, CHANGED_4),
    Crime(change_the_actor, "version 1: its content does not match its hash"),
    Crime(change_the_time, "version 2: its content does not match its hash"),
    Crime(nest_json_beyond_the_decoder, CHANGED_4),
    Crime(nest_json_beyond_the_encoder, CHANGED_4),
    Crime(write_a_number_beyond_floats, CHANGED_4),
    Crime(rewrite_a_stream, "version 4: it is not the event that a checkpoint covers"),
    Crime(rewrite_a_stream_and_its_leaves, "checkpoint 5: its root does not match: entries 0 to 4"),
    Crime(insert_an_event, "version 3: no checkpoint covers it, although later events are covered", NOT_FOUND),
    Crime(insert_an_event_with_a_leaf_far_away, "no checkpoint covers 1 leaves", NOT_FOUND),
    Crime(
        insert_an_event_of_a_transaction_that_has_not_started, "version 3: its transaction has not started", NOT_FOUND
    ),
    Crime(reorder_events, "a checkpoint covers it in another order", NOT_FOUND),
    Crime(exchange_versions, "version 3: it does not link"),
    Crime(remove_an_event, "version 3: a checkpoint covers the event, but the event is missing"),
    Crime(remove_the_last_events, "version 5: a checkpoint covers the event, but the event is missing"),
    Crime(remove_a_batch, EVENT_MISSING),
    Crime(remove_a_batch_and_its_leaves, "leaf 0 of the tree is missing"),
    Crime(remove_a_batch_and_renumber_the_leaves, "checkpoint 5: its root does not match"),
    Crime(give_a_batch_the_nil_id, "batch 00000000-0000-0000-0000-000000000000 version 1"),
    #
    Crime(sign_a_checkpoint_with_another_key, "checkpoint 5: it proves nothing"),
    Crime(remove_the_first_checkpoint, "it does not follow the checkpoint before it"),
    Crime(remove_the_latest_checkpoint, "no checkpoint covers 1 leaves", FOUND_WITH_A_KEPT_CHECKPOINT),
    Crime(duplicate_a_checkpoint, "checkpoint 5: it does not follow the checkpoint before it"),
    Crime(duplicate_a_checkpoint, "its root does not match"),
    Crime(move_the_position_of_a_checkpoint, "checkpoint 5: its row names another position", NOT_FOUND),
    Crime(change_the_time_of_a_checkpoint, "checkpoint 5: its row names another time", NOT_FOUND),
    Crime(date_a_checkpoint_at_infinity, "checkpoint 5: its row names another time", NOT_FOUND),
    Crime(add_a_subtree, "and 1 subtrees", NOT_FOUND),
    #
    Crime(change_an_action, "it is not the action that a checkpoint covers"),
    Crime(remove_an_action, "a checkpoint covers the action, but the action is missing"),
    Crime(date_an_action_before_christ, "it is not the action that a checkpoint covers"),
    Crime(forge_a_cleanup_on_no_day, ROW_MISSING, NOT_FOUND),
    Crime(forged_action("cleanup", CLEANUP), ROW_MISSING, NOT_FOUND),
    Crime(forged_action("cleanup", CLEANUP, NOT_STARTED), ROW_MISSING, NOT_FOUND),
    Crime(forged_action("cleanup", CLEANUP, NOT_STARTED), "its transaction has not started", NOT_FOUND),
    Crime(forged_action("cleanup", CLEANUP, NOW, hash_fits=False), ROW_MISSING, NOT_FOUND),
    Crime(forged_action("erase", ERASURE), ROW_MISSING, NOT_FOUND),
    Crime(forged_action("erase", ERASURE, NOT_STARTED), ROW_MISSING, NOT_FOUND),
    Crime(forged_action("erase", ERASURE, NOW, hash_fits=False), ROW_MISSING, NOT_FOUND),
    Crime(forged_action("archive", ARCHIVE_OF_ALL_IDS), EVENT_MISSING),
    Crime(forged_action("archive", ARCHIVE, NOT_STARTED), EVENT_MISSING),
    Crime(forged_action("archive", ARCHIVE, NOW, hash_fits=False), EVENT_MISSING),
]
