"""The port to a table aside, where the read model is made anew before it replaces the old one."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from application.ports.storage import Transaction
from application.read_model import BatchJob


class ShadowTable(Protocol):
    async def add(self, jobs: Sequence[BatchJob]) -> None:
        """Rows of the new read model; what the table's constraints refuse is an error here already."""
        ...

    def swapping(self, kept_since: datetime) -> AbstractAsyncContextManager[tuple[Transaction, tuple[int, int]]]:
        """Replace the rows of finished batches by those aside, in the transaction given.

        With how many rows were rewritten, and how many added. Rows of erased batches stay away, and so do missing
        ones of batches processed before `kept_since`, or before what was cleaned up.
        """
        ...


class ShadowTables(Protocol):
    def open(self) -> AbstractAsyncContextManager[ShadowTable | None]:
        """A table of our own until the context ends, however it ends; nothing while another has one."""
        ...
