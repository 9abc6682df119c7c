"""The port to a shadow table: the read model is rebuilt there before it replaces the old one."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from application.operations.ports.storage import OperatorTransaction
from application.read_model import BatchJob


class ShadowTable(Protocol):
    async def add(self, jobs: Sequence[BatchJob]) -> None:
        """Add rows of the new read model. Rows that violate the table's constraints are an error here already."""
        ...

    def swap(self, kept_since: datetime) -> AbstractAsyncContextManager[tuple[OperatorTransaction, tuple[int, int]]]:
        """Replace the rows of finished batches by those of the shadow table, in the transaction given.

        Gives the transaction with the counts of rows rewritten and rows added. Not added are rows of erased batches,
        and missing rows of batches processed before `kept_since` or before the latest clean-up.
        """
        ...


class ShadowTables(Protocol):
    def open(self) -> AbstractAsyncContextManager[ShadowTable | None]:
        """Create a shadow table that is dropped when the context ends; None while another rebuild has one."""
        ...
