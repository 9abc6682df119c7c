"""The service refuses to append, sign or archive on top of tampering."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from application.audit.findings import DamageFound
from application.audit.proofs import RootMismatch
from application.audit.signed_notes import Checkpoint, opened
from application.errors import CannotSeal, SealedAlready
from domain import commands
from tests.adapters.tampering.events import (
    change_the_time,
    remove_a_batch,
    remove_the_last_events,
    rewrite_a_stream,
    rewrite_a_stream_and_its_leaves,
)
from tests.adapters.tampering.scene import CrimeScene
from tests.support.batches import ATTRIBUTION, archive_before, export_lines, metadata_of, submitted_batch


async def test_nothing_is_appended_where_the_last_events_were_removed(scene: CrimeScene) -> None:
    remove_the_last_events(scene)
    with pytest.raises(DamageFound, match="the event is missing"):
        await scene.container.explain_batch()(scene.victim)
    with pytest.raises(DamageFound):
        await scene.container.redispatch()(scene.victim, ATTRIBUTION)
    start = commands.Start(worker_id="another", max_attempts=3)
    with pytest.raises(SealedAlready, match="audit verify"):
        await scene.container.handler().handle(scene.victim, start, metadata_of(scene.victim))
    history = await scene.container.batch_audit().history(scene.victim)
    assert history.job is None
    assert {finding.version for finding in history.damage} >= {3, 4, 5}


async def test_no_receipt_is_signed_for_a_batch_whose_events_were_changed(scene: CrimeScene) -> None:
    owner = scene.owner
    assert (await scene.container.receipts()(owner, scene.victim)).inclusion
    change_the_time(scene)
    with pytest.raises(DamageFound):
        await scene.container.receipts()(owner, scene.victim)


async def test_no_receipt_or_proof_is_given_for_a_batch_whose_leaves_were_rewritten_too(scene: CrimeScene) -> None:
    """The stream is sound in itself, and its leaves agree with it; the signed root does not."""
    rewrite_a_stream_and_its_leaves(scene)
    with pytest.raises(RootMismatch):
        await scene.container.receipts()(scene.owner, scene.victim)
    with pytest.raises(RootMismatch):
        await scene.container.proofs().inclusion(scene.victim, 4)


@pytest.mark.parametrize("commit", [remove_a_batch, rewrite_a_stream])
async def test_an_archive_does_not_excuse_earlier_tampering(
    scene: CrimeScene, commit: Callable[[CrimeScene], None]
) -> None:
    commit(scene)
    before_it_ran = datetime.fromtimestamp((scene.running.int >> 80) / 1000, UTC)
    with pytest.raises(DamageFound):
        await archive_before(scene.container, before_it_ran)
    actions = await scene.container.sealed_log().actions(after=None, limit=9)
    assert [action.kind for action, _ in actions] == ["cleanup"]


async def test_the_sealer_names_an_event_that_it_would_seal_twice_and_the_export_still_works(
    scene: CrimeScene,
) -> None:
    scene.execute("UPDATE batch_events SET transaction_id = pg_current_xact_id() WHERE batch_id = %s", scene.victim)
    with pytest.raises(CannotSeal, match=str(scene.victim)):
        await scene.container.sealer().seal()
    assert len(await export_lines(scene.container)) > 1


async def test_the_sealer_refuses_leaves_that_do_not_give_the_signed_root(scene: CrimeScene) -> None:
    scene.execute("UPDATE sealed_entries SET entry = sha256('another') WHERE leaf_index = 0")
    await submitted_batch(scene.container)
    with pytest.raises(CannotSeal, match="audit verify"):
        await scene.container.sealer().seal()


async def test_the_sealer_signs_nothing_after_checkpoints_were_removed(scene: CrimeScene) -> None:
    """Else the service itself would sign a rewritten stream, for a forger who has no key."""
    for table in ("checkpoints", "sealed_entries", "tree_nodes"):
        scene.alter(f"DELETE FROM {table}")
    rewrite_a_stream(scene)
    with pytest.raises(CannotSeal, match="checkpoints were removed"):
        await scene.container.sealer().seal()
    assert scene.superuser.execute("SELECT FROM checkpoints").fetchall() == []


async def test_a_checkpoint_has_the_shape_that_other_tools_read(scene: CrimeScene) -> None:
    """C2SP tlog-checkpoint: the origin, the size and the root, a line each."""
    text = opened(scene.kept, scene.container.sealer().trusted, scene.container.verifies())
    checkpoint = Checkpoint.parse(text)
    assert text.splitlines()[:2] == ["fna-batch", str(checkpoint.size)]
    assert checkpoint.previous != bytes(32)
