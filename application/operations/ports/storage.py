"""The port to an operator's transaction: that of the main job, with the ports that repair, remove and record."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from application.operations.ports.actions import Actions
from application.operations.ports.erasure import UserData
from application.operations.ports.read_model_repair import ReadModelRepair
from application.ports.storage import Storage, Transaction


class OperatorTransaction(Transaction, Protocol):
    @property
    def repair(self) -> ReadModelRepair: ...
    @property
    def user_data(self) -> UserData: ...
    @property
    def actions(self) -> Actions: ...


class OperatorStorage(Storage, Protocol):
    def transaction(self) -> AbstractAsyncContextManager[OperatorTransaction]:
        """Like `Storage.transaction`."""
        ...
