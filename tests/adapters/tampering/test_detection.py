"""The audit finds each crime and names its place; so does the independent verifier, as far as an export shows it."""

from collections.abc import Callable

import pytest

from tests.adapters.tampering.crimes import CRIMES, Crime, Offline
from tests.adapters.tampering.events import (
    nest_json_beyond_the_encoder,
    remove_a_batch,
    rewrite_a_stream_and_its_leaves,
    write_a_number_beyond_floats,
)
from tests.adapters.tampering.operator_actions import date_an_action_before_christ
from tests.adapters.tampering.scene import CrimeScene
from tests.support.batches import all_findings, offline_findings


@pytest.mark.parametrize("crime", CRIMES, ids=str)
async def test_tampering_is_found_and_named(scene: CrimeScene, crime: Crime) -> None:
    assert await all_findings(scene.container, [scene.kept]) == []
    crime.commit(scene)
    found = list(map(str, await all_findings(scene.container)))
    assert any(crime.problem in each for each in found), found


@pytest.mark.parametrize("crime", CRIMES, ids=str)
async def test_an_independent_verifier_finds_tampering_offline(scene: CrimeScene, crime: Crime) -> None:
    assert await offline_findings(scene.container, [scene.kept]) == []
    crime.commit(scene)
    kept = [scene.kept] if crime.offline is Offline.FOUND_WITH_A_KEPT_CHECKPOINT else []
    found = await offline_findings(scene.container, kept)
    assert bool(found) is (crime.offline is not Offline.NOT_FOUND), found


async def test_an_event_that_was_moved_far_away_accuses_no_neighbour(scene: CrimeScene) -> None:
    """Its new position is behind everything that its checkpoint covers: the events after it are where they were."""
    scene.alter("ALTER TABLE batch_events ALTER COLUMN position DROP IDENTITY")
    scene.execute("UPDATE batch_events SET position = 10000 WHERE batch_id = %s AND version = 4", scene.victim)
    scene.execute("UPDATE batch_events SET transaction_id = '1' WHERE batch_id = %s AND version = 1", scene.running)
    findings = await all_findings(scene.container)
    accused = {(finding.batch_id, finding.version) for finding in findings if "order" in finding.problem}
    assert accused == {(scene.victim, 4), (scene.running, 1)}


async def test_a_removed_batch_is_reported_as_damaged_not_as_unknown(scene: CrimeScene) -> None:
    remove_a_batch(scene)
    history = await scene.container.batch_audit().history(scene.victim)
    assert (history.job, history.events) == (None, [])
    assert {finding.version for finding in history.damage} == {1, 2, 3, 4, 5}


async def test_checking_the_leaves_of_one_batch_reveals_that_they_were_rewritten(scene: CrimeScene) -> None:
    rewrite_a_stream_and_its_leaves(scene)
    assert list(await scene.container.batch_audit().batch(scene.victim)) == []
    found = await scene.container.tree_audit().batch(scene.victim)
    assert 4 in {each.version for each in found}
    assert {each.batch_id for each in found} == {scene.victim}


@pytest.mark.parametrize(
    "commit", [write_a_number_beyond_floats, nest_json_beyond_the_encoder, date_an_action_before_christ]
)
async def test_malformed_stored_values_never_abort_a_read(
    scene: CrimeScene, commit: Callable[[CrimeScene], None]
) -> None:
    commit(scene)
    async with scene.container.storage().transaction() as tx:
        assert len(await tx.events.log((0, 0), 99)) == 12
    assert len(await scene.container.sealed_log().actions(after=None, limit=9)) == 1
