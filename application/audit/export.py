"""Exporting: the whole log as lines that a reader can verify alone, in the order of the tree."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from application.audit.ports.checkpoints import Checkpoints, StoredCheckpoint
from application.audit.ports.recorded_actions import RecordedActions
from application.audit.ports.sealed_log import Leaf, Leaves
from application.audit.signed_notes import PublicKey
from application.errors import ApplicationError
from application.log import StoredEvent

FORMAT = "fna-batch export 1"
PAGE = 1000


class ArchivedMeanwhile(ApplicationError):
    def __init__(self) -> None:
        super().__init__("Events were archived and moved out of the database during the export: export again.")


class ExportedLog(Leaves, Checkpoints, RecordedActions, Protocol):
    """The parts of the sealed log that an export reads."""


class Export:
    """`keys` are the public keys that may have signed checkpoints."""

    def __init__(self, log: ExportedLog, keys: Sequence[PublicKey]) -> None:
        self._log, self._keys = log, keys

    async def __call__(self, size: int) -> AsyncIterator[dict[str, Any]]:
        """Yield the lines over the first `size` leaves, the size of a checkpoint; docs/verify.md has the format.

        Raises ArchivedMeanwhile or StorageUnavailable.
        """
        parts = list(await self._log.archives())
        archives = [{"before": str(part.before), "size": part.size, "events": part.events} for part in parts]
        yield {"format": FORMAT, "keys": [str(key) for key in self._keys], "archives": archives}
        checkpoints = self._checkpoints()
        pending = await anext(checkpoints, None)
        for first in range(0, size, PAGE):
            page = (first, min(first + PAGE, size))
            events = {(event.batch_id, event.version): event for event in await self._log.events(page)}
            for leaf in await self._log.leaves(page):
                if leaf.global_position is None and not any(
                    part.holds(leaf.leaf_index, leaf.batch_id) for part in parts
                ):
                    later = [part for part in await self._log.archives() if part not in parts]
                    if any(part.holds(leaf.leaf_index, leaf.batch_id) for part in later):
                        raise ArchivedMeanwhile
                yield _line(leaf, events.get((leaf.batch_id, leaf.version)) if leaf.batch_id and leaf.version else None)
                while pending is not None and pending.size <= leaf.leaf_index + 1:
                    yield {"checkpoint": pending.note}
                    pending = await anext(checkpoints, None)
        yield {"end": size}

    async def _checkpoints(self) -> AsyncIterator[StoredCheckpoint]:
        above = 0
        while page := await self._log.checkpoints(above=above, limit=PAGE):
            for stored in page:
                yield stored
            above = page[-1].size


def _line(leaf: Leaf, event: StoredEvent | None) -> dict[str, Any]:
    if event is not None:
        return {"leaf": leaf.leaf_index, "event": event.hashed() | {"hash": event.hash.hex()}}
    if leaf.action is not None:
        return {"leaf": leaf.leaf_index, "act": leaf.action[0].hashed()}
    missing = {"batch_id": leaf.batch_id and str(leaf.batch_id), "version": leaf.version, "entry": leaf.leaf_data.hex()}
    return {"leaf": leaf.leaf_index, "archived": missing}
