"""A log that was rolled back or rewritten as a whole is sound in itself; a checkpoint kept elsewhere reveals it."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from application.audit.findings import Finding, FindingKind, Table
from application.audit.verification import Verification
from application.errors import CannotSeal
from application.ports.tokens import Role
from domain.tiers import Tier
from entrypoints.container import Container
from tests.adapters.tampering.scene import CrimeScene
from tests.adapters.tampering.tree import FORGER
from tests.support.batches import all_findings, finished_batch
from tests.support.running_service import running

ROLLED_BACK = "the database was rolled back"


def roll_back_to_the_first_checkpoint(scene: CrimeScene) -> None:
    for statement in (
        "DELETE FROM checkpoints WHERE previous_size IS NOT NULL",
        "DELETE FROM sealed_entries WHERE leaf_index >= 5",
        "DELETE FROM batch_events WHERE batch_id NOT IN (SELECT batch_id FROM sealed_entries)",
        "DELETE FROM batch_jobs WHERE batch_id NOT IN (SELECT batch_id FROM sealed_entries)",
        "DELETE FROM busy_reports",
        "DELETE FROM audit_acts",
    ):
        scene.execute(statement)


def forget_the_remembered_checkpoint(scene: CrimeScene) -> None:
    Path(scene.container.witness().location).unlink()


async def test_a_kept_checkpoint_reveals_a_database_that_was_rolled_back(scene: CrimeScene) -> None:
    """Also after the service has gone on, on a machine that remembers no checkpoint."""
    roll_back_to_the_first_checkpoint(scene)
    assert await all_findings(scene.container) == []
    (found,) = await all_findings(scene.container, [scene.kept])
    assert ROLLED_BACK in str(found)

    for _ in range(4):
        await finished_batch(scene.container, reports=2)
    with pytest.raises(CannotSeal, match=ROLLED_BACK):
        await scene.container.sealer().seal()
    forget_the_remembered_checkpoint(scene)
    await scene.container.sealer().seal()
    assert await all_findings(scene.container) == []
    (found,) = await all_findings(scene.container, [scene.kept])
    assert "does not begin with what this kept checkpoint signed" in str(found)


async def test_another_key_cannot_rewrite_the_whole_log_unnoticed(scene: CrimeScene) -> None:
    """Every stream, every leaf and every checkpoint is sound in itself."""
    scene.execute("DELETE FROM checkpoints")
    scene.execute("DELETE FROM sealed_entries")
    resealing = Container(settings=scene.container.settings(), database_url=scene.container.database_url())
    resealing.signer.override(FORGER)
    async with resealing.pool():
        await resealing.sealer().seal_all()
        assert await all_findings(resealing) == []
    found = await all_findings(scene.container)
    assert any("None of the trusted keys has signed it" in str(each) for each in found)


Verify = Callable[[Verification, CrimeScene], Awaitable[list[Finding]]]


async def everything(verification: Verification, scene: CrimeScene) -> list[Finding]:
    return list((await verification.everything()).findings)


async def one_batch(verification: Verification, scene: CrimeScene) -> list[Finding]:
    return list((await verification.batch(scene.victim)).findings)


async def one_batch_with_a_kept_checkpoint(verification: Verification, scene: CrimeScene) -> list[Finding]:
    first = (await verification.checkpoints(below=None, limit=9))[-1]
    return list((await verification.batch(scene.victim, [first.note])).findings)


async def first_page(verification: Verification, scene: CrimeScene) -> list[Finding]:
    return list((await verification.page(None, 10)).findings)


async def sample(verification: Verification, scene: CrimeScene) -> list[Finding]:
    return list((await verification.sample(10, random.Random(7).randrange)).findings)


async def checkpoints_alone(verification: Verification, scene: CrimeScene) -> list[Finding]:
    return list(await verification.checkpoint_findings())


VERIFICATIONS = [everything, one_batch, one_batch_with_a_kept_checkpoint, first_page, sample, checkpoints_alone]


@pytest.mark.parametrize("verify", VERIFICATIONS, ids=lambda verify: verify.__name__)
async def test_every_verification_reports_a_log_without_the_checkpoint_that_this_machine_remembers(
    scene: CrimeScene, verify: Verify
) -> None:
    verification = scene.container.verification()
    assert await verify(verification, scene) == []
    roll_back_to_the_first_checkpoint(scene)
    (found,) = await verify(verification, scene)
    assert (found.kind, found.table) == (FindingKind.DAMAGE, Table.CHECKPOINTS)
    assert ROLLED_BACK in found.problem

    forget_the_remembered_checkpoint(scene)
    assert await verify(verification, scene) == [], "the log is sound in itself"


@pytest.mark.parametrize("of_one_batch", [False, True])
async def test_verification_over_http_reports_a_log_without_the_checkpoint_that_this_machine_remembers(
    scene: CrimeScene, of_one_batch: bool
) -> None:
    params = {"batch_id": str(scene.victim)} if of_one_batch else {}
    roll_back_to_the_first_checkpoint(scene)
    with running(scene.database, scene.container.settings(), worker=False) as service:
        auditor = service.http(service.token(Tier.ENTERPRISE, None, Role.AUDITOR))
        answer = auditor.get("/v1/audit/verify", params=params)
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["findings"]
    assert (found["kind"], found["subject"]) == ("damage", "checkpoints")
    assert ROLLED_BACK in found["problem"]
