"""Sealing: in commit order, one sealer at a time, by trusted keys, with times that never go back."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from dependency_injector import providers
from pydantic import SecretStr

from application.audit.proofs import NoSuchEvent, NoSuchTree, NotSealed
from application.audit.sealer import MOST, Sealer
from application.audit.signed_notes import Checkpoint, opened, public_key
from application.errors import CannotSeal
from entrypoints import metrics
from entrypoints.container import Container, Database
from entrypoints.housekeeping import Housekeeping
from entrypoints.settings import Settings
from tests.conftest import settings_in
from tests.support.batches import finished_batch, started_batch, submitted_batch, tree_findings
from tests.support.builders import new_id, stream_of
from tests.support.database import execute_as_superuser, open_transaction
from tests.support.offline_verifier import verify_proof


async def append_batches(container: Container, batches: int) -> None:
    """Append a `Submitted` of each of so many new batches."""
    async with container.storage().transaction() as tx:
        await tx.events.append([stream_of("Submitted") for _ in range(batches)])


async def checkpoints(container: Container) -> list[Checkpoint]:
    """Return every checkpoint, the oldest first, after checking its signature."""
    sealer, verifies = container.sealer(), container.verifies()
    found = await container.sealed_log().checkpoints(above=0, limit=100)
    return [Checkpoint.parse(opened(each.note, sealer.trusted, verifies)) for each in found]


async def test_no_checkpoint_is_written_when_there_is_nothing_to_seal(container: Container) -> None:
    assert await container.sealer().seal() == 0
    await append_batches(container, 1)
    assert [await container.sealer().seal() for _ in range(2)] == [1, 0]
    assert [each.size for each in await checkpoints(container)] == [1]


async def test_a_checkpoint_adds_at_most_a_thousand_entries(container: Container) -> None:
    await append_batches(container, MOST + 1)
    assert await container.sealer().seal_all() == MOST + 1
    assert [each.size for each in await checkpoints(container)] == [MOST, MOST + 1]


async def test_sealing_everything_ends_although_events_keep_coming(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stops after the first checkpoint that is not full; what came meanwhile is for the next time."""
    sizes = iter([MOST, MOST, 3, 5])

    async def seal(_: Sealer) -> int:
        return next(sizes)

    monkeypatch.setattr(Sealer, "seal", seal)
    assert await container.sealer().seal_all() == 2 * MOST + 3


async def test_concurrent_sealers_do_not_disturb_each_other(container: Container) -> None:
    for _ in range(5):
        await append_batches(container, 3)
        await asyncio.gather(*(container.sealer().seal() for _ in range(8)))
    await container.sealer().seal_all()
    assert (await checkpoints(container))[-1].size == 15
    assert await tree_findings(container) == []


async def test_an_event_that_an_open_transaction_could_still_precede_is_not_sealed(
    container: Container, database: Database
) -> None:
    with open_transaction(database):
        await append_batches(container, 1)
        assert await container.sealer().seal() == 0
    assert await container.sealer().seal() == 1


async def test_times_of_checkpoints_never_go_back(container: Container) -> None:
    times = iter([datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)])
    container.clock.override(providers.Object(lambda: next(times)))
    for _ in range(2):
        await append_batches(container, 1)
        await container.sealer().seal()
    assert {each.sealed_at for each in await checkpoints(container)} == {"2026-03-03T00:00:00.000000Z"}


async def test_a_new_key_seals_only_if_the_old_one_is_trusted(
    container: Container, database: Database, tmp_path: Path
) -> None:
    await append_batches(container, 1)
    await container.sealer().seal()
    await append_batches(container, 1)
    new = {"signing_key": SecretStr("07" * 32)}
    stranger = Container(settings=settings_in(tmp_path, **new), database_url=database.url)
    heir = Container(
        settings=settings_in(tmp_path, trusted_keys=[str(public_key(container.signer()))], **new),
        database_url=database.url,
    )
    async with stranger.pool(), heir.pool():
        with pytest.raises(CannotSeal, match="FNA_BATCH_TRUSTED_KEYS"):
            await stranger.sealer().seal()
        assert await heir.sealer().seal() == 1
        assert await tree_findings(heir) == []
        assert await tree_findings(stranger) != []


async def test_proofs_hold_at_every_signed_size(container: Container) -> None:
    """Also across the size from which subtrees are stored."""
    batches = [await submitted_batch(container) for _ in range(3)]
    await container.sealer().seal()
    await append_batches(container, 600)
    await container.sealer().seal()
    await append_batches(container, 600)
    await container.sealer().seal_all()
    signed = await checkpoints(container)
    proofs = container.proofs()
    for batch_id in batches:
        stream = (await container.batch_audit().history(batch_id)).events
        for checkpoint in signed:
            proof = await proofs.inclusion(batch_id, 1, checkpoint.size)
            found = verify_proof.root_by_inclusion(stream[0].hash, proof.leaf_index, checkpoint.size, proof.path)
            assert found == checkpoint.root
    for old in signed:
        for new in signed[signed.index(old) :]:
            grown = await proofs.consistency(old.size, new.size)
            assert verify_proof.roots_by_consistency(old.size, new.size, grown.path, old.root) == (old.root, new.root)
    assert list(await container.tree_audit().latest_checkpoint()) == []


async def test_an_unsealed_or_unknown_event_has_no_proof(container: Container) -> None:
    batch_id = await submitted_batch(container)
    with pytest.raises(NotSealed):
        await container.proofs().inclusion(batch_id, 1)
    await container.sealer().seal()
    for named, version in ((batch_id, 2), (new_id(), 1)):
        with pytest.raises(NoSuchEvent):
            await container.proofs().inclusion(named, version)
    with pytest.raises(NoSuchTree):
        await container.proofs().consistency(7)
    with pytest.raises(NoSuchTree):
        await container.proofs().inclusion(batch_id, 1, 7)


async def test_housekeeping_seals_verifies_a_sample_and_cleans_up(
    container: Container, database: Database, settings: Settings
) -> None:
    old = await finished_batch(container)
    young = await finished_batch(container)
    await started_batch(container)
    past = f"UPDATE batch_jobs SET processed_at = processed_at - INTERVAL '31 days' WHERE batch_id = '{old}'"
    execute_as_superuser(database, past)
    keeper = Housekeeping(container)
    await keeper.clean()
    await keeper.seal()
    await keeper.sample()
    async with container.storage().transaction() as tx:
        assert await tx.batch_jobs.get(old) is None
        assert await tx.batch_jobs.get(young) is not None
    last = await container.sealed_log().latest()
    assert last is not None
    assert last.size == 4 + 4 + 2 + 1, "the events, and the clean-up"


async def test_housekeeping_seals_once_more_when_it_stops(container: Container) -> None:
    keeper = Housekeeping(container)
    keeper.stop()
    await finished_batch(container)
    await keeper.run()
    last = await container.sealed_log().latest()
    assert last is not None
    assert last.size == 4


async def test_findings_of_a_sample_are_logged_and_counted(container: Container, database: Database) -> None:
    batch_id = await finished_batch(container)
    keeper = Housekeeping(container)
    await keeper.seal()
    execute_as_superuser(database, "UPDATE batch_jobs SET failed = 7")
    with structlog.testing.capture_logs() as logs:
        await keeper.sample()
    assert [entry["batch_id"] for entry in logs] == [str(batch_id)]
    assert metrics.SAMPLE_FINDINGS._value.get() == 1
