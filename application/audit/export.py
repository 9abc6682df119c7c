"""The whole log as lines that anybody can check alone: events, acts and checkpoints in the order of the tree."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from application.audit.ports.sealed_log import Leaf, SealedLog, StoredCheckpoint
from application.audit.signed_notes import PublicKey
from application.errors import ApplicationError
from application.log import StoredEvent


class ArchivedMeanwhile(ApplicationError):
    def __init__(self) -> None:
        super().__init__("Events were archived, and moved out, while the log was read: export it again.")


FORMAT = "fna-batch export 1"
PAGE = 1000


class Export:
    """`keys` are those that may have signed."""

    def __init__(self, log: SealedLog, keys: Sequence[PublicKey]) -> None:
        self._log, self._keys = log, keys

    async def __call__(self, size: int) -> AsyncIterator[dict[str, Any]]:
        """The first `size` entries of the log, which must be the size of a checkpoint; docs/verify.md has the format.

        Raises ArchivedMeanwhile or StorageUnavailable.
        """
        parts = list(await self._log.archives())
        archives = [{"before": str(part.before), "size": part.size, "events": part.events} for part in parts]
        yield {"format": FORMAT, "keys": [str(key) for key in self._keys], "archives": archives}
        checkpoints = self._checkpoints()
        pending = await anext(checkpoints, None)
        for first in range(0, size, PAGE):
            part = (first, min(first + PAGE, size))
            events = {(event.batch_id, event.version): event for event in await self._log.events(part)}
            for leaf in await self._log.leaves(part):
                if leaf.global_position is None and not any(each.holds(leaf) for each in parts):
                    meanwhile = [each for each in await self._log.archives() if each not in parts]
                    if any(each.holds(leaf) for each in meanwhile):
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
    if leaf.act is not None:
        return {"leaf": leaf.leaf_index, "act": leaf.act[0].hashed()}
    gone = {"batch_id": leaf.batch_id and str(leaf.batch_id), "version": leaf.version, "entry": leaf.entry.hex()}
    return {"leaf": leaf.leaf_index, "archived": gone}
