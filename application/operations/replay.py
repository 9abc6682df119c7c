"""Replay: run the whole log through another projector, into a shadow table that never replaces the read model."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from application.audit.ports.audit_source import AuditSource
from application.errors import StorageUnavailable
from application.operations.ports.shadow_table import ShadowTables
from application.operations.rebuild import PAGE, RebuildRuns
from application.ports.codec import EventCodec
from application.read_model import Projector, differing, project_all
from application.streams import decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The fields of a batch's row that another projector changes: name to present and other value.

    `error` says how the projector failed; `fields` is empty then.
    """

    batch_id: UUID
    fields: dict[str, tuple[object, object]]
    error: str | None = None


class Replay:
    def __init__(self, source: AuditSource, codec: EventCodec, shadow_tables: ShadowTables) -> None:
        self._source, self._codec, self._shadow_tables = source, codec, shadow_tables

    async def __call__(self, projector: Projector) -> AsyncIterator[tuple[UUID, Difference | None]]:
        """Yield each batch, with the difference that the projector makes.

        Raises RebuildRuns or StorageUnavailable.
        """
        async with self._shadow_tables.open() as shadow:
            if shadow is None:
                raise RebuildRuns
            async for audited in self._source.batches(page=PAGE):
                if not audited.events:
                    continue  # the batch was archived, or only the read model knows it
                try:
                    stream = decoded(self._codec, audited.events)
                    other = project_all(stream.events, projector)
                    fields = differing(stream.job, other)
                    await shadow.add([other])
                except StorageUnavailable:
                    raise
                except Exception as failed:
                    error = f"{type(failed).__name__}: {failed}"
                    yield audited.batch_id, Difference(batch_id=audited.batch_id, fields={}, error=error)
                    continue
                difference = Difference(batch_id=audited.batch_id, fields=fields) if fields else None
                yield audited.batch_id, difference
