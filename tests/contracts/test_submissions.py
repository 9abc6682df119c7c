"""The contract of Submissions."""

from uuid import UUID

import pytest

from application.errors import IdempotencyKeyReused
from application.ports.storage import Storage
from tests.support.builders import new_id

USER, STRANGER = UUID(int=1), UUID(int=2)
REQUEST, OTHER_REQUEST = bytes(32), bytes([1]) * 32
"""Fingerprints."""


async def test_a_new_key_names_no_batch(storage: Storage) -> None:
    async with storage.transaction() as tx:
        await tx.submissions.lock_user(USER)
        assert await tx.submissions.claim_key(USER, "k", REQUEST) is None


async def test_a_key_that_is_sent_again_names_the_earlier_batch(storage: Storage) -> None:
    batch_id = new_id()
    async with storage.transaction() as tx:
        await tx.submissions.claim_key(USER, "k", REQUEST)
        await tx.submissions.remember_key(USER, "k", REQUEST, batch_id)
    async with storage.transaction() as tx:
        assert await tx.submissions.claim_key(USER, "k", REQUEST) == batch_id


async def test_a_key_belongs_to_one_user(storage: Storage) -> None:
    async with storage.transaction() as tx:
        await tx.submissions.remember_key(USER, "k", REQUEST, new_id())
    async with storage.transaction() as tx:
        assert await tx.submissions.claim_key(STRANGER, "k", REQUEST) is None


async def test_a_key_is_refused_with_another_request(storage: Storage) -> None:
    async with storage.transaction() as tx:
        await tx.submissions.remember_key(USER, "k", REQUEST, new_id())
    async with storage.transaction() as tx:
        with pytest.raises(IdempotencyKeyReused):
            await tx.submissions.claim_key(USER, "k", OTHER_REQUEST)
