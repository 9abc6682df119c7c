"""Changes to a World behind the service's back, as an attacker with access to the database could make them."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from adapters.ed25519 import ed25519_verifies
from application.audit.findings import Finding
from application.audit.ports.witness import WitnessUnreadable
from application.audit.signed_notes import Checkpoint, opened_checkpoint, sign
from application.log import StoredEvent
from application.operator_actions import ActionKind
from tests.application.batches import WHY
from tests.application.conftest import World

# The type checker cannot see which fields `changes` names.
# mypy: disable-error-code="arg-type"


def edit_event(world: World, batch_id: UUID, version: int, **changes: object) -> None:
    def edited(event: StoredEvent) -> StoredEvent:
        return replace(event, **changes) if event.version == version else event

    events = world.storage.state.events
    events[batch_id] = tuple(map(edited, events[batch_id]))


def remove_event(world: World, batch_id: UUID, version: int) -> None:
    events = world.storage.state.events
    events[batch_id] = tuple(event for event in events[batch_id] if event.version != version)


def edit_row(world: World, batch_id: UUID, **changes: object) -> None:
    """Change a row of `batch_jobs`."""
    jobs = world.storage.state.jobs
    jobs[batch_id] = replace(jobs[batch_id], **changes)


def edit_action(world: World, **changes: object) -> None:
    """Change the only recorded action; its stored hash stays."""
    ((act_id, stored),) = world.storage.state.actions.items()
    world.storage.state.actions[act_id] = replace(stored, action=replace(stored.action, **changes))


def move_action(world: World, position: tuple[int, int]) -> None:
    """Change the global position of the only recorded action."""
    ((act_id, stored),) = world.storage.state.actions.items()
    world.storage.state.actions[act_id] = replace(stored, global_position=position)


def edit_leaf(world: World, leaf_index: int, **changes: object) -> None:
    leaves = world.storage.tree.leaves
    leaves[leaf_index] = replace(leaves[leaf_index], **changes)


def edit_checkpoint(world: World, size: int, **changes: object) -> None:
    """Change a row of `checkpoints`."""
    checkpoints = world.storage.tree.checkpoints
    checkpoints[size] = replace(checkpoints[size], **changes)


def signed(world: World, size: int) -> Checkpoint:
    return opened_checkpoint(world.storage.tree.checkpoints[size].note, world.trusted, ed25519_verifies)


def re_sign(world: World, size: int, /, **changes: object) -> None:
    """Sign a checkpoint again with other statements, as somebody who has the key could."""
    checkpoint = replace(signed(world, size), **changes)
    edit_checkpoint(world, size, note=sign(checkpoint.text, world.signer))


async def acted(world: World, kind: ActionKind = ActionKind.REDISPATCH, **data: object) -> UUID:
    """Record an action without performing it; return its id."""
    async with world.storage.transaction() as tx:
        return (await world.record(tx, kind, WHY, data)).act_id


def unreadable() -> str | None:
    """Stand in for `Witness.remembered` while the file cannot be read."""
    raise WitnessUnreadable("/checkpoints/0", "PermissionError")


async def tree_findings(world: World, kept: Sequence[str] = ()) -> list[Finding]:
    return [finding async for _, found in world.tree_audit.recompute(kept) for finding in found]
