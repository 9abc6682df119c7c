"""What every worker does besides: seal the log, verify samples of it, and remove what retention says."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import structlog

from application.errors import CannotSeal, ClockAhead, Conflict, StorageUnavailable
from application.operator_actions import Attribution
from entrypoints import metrics
from entrypoints.container import Container
from entrypoints.settings import Settings

log = structlog.get_logger()
CLEAN_EVERY_S = 3600.0
PROVEN = 10
"""Batches of a sample whose leaves are followed up to the signed root."""


class Housekeeping:
    """Every worker runs it; what must not be done twice at once is locked in the database."""

    def __init__(self, container: Container) -> None:
        self._container, self._stopping = container, asyncio.Event()
        self._settings: Settings = container.settings()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop` is called; what was begun is ended, and what was appended is sealed."""
        settings = self._settings
        await asyncio.gather(
            self._every(settings.seal_every_s, self.seal),
            self._every(settings.verify_every_s, self.sample),
            self._every(CLEAN_EVERY_S, self.clean),
        )
        await self._attempt(self.seal)

    async def seal(self) -> None:
        """Cover everything that can be covered by checkpoints."""
        await self._container.sealer().seal_all()
        last = await self._container.sealed_log().latest()
        metrics.SEALED.set(last.size if last else 0)
        metrics.SEALED_AT.set(time.time())

    async def sample(self) -> None:
        """Verify some batches, from a random one on, and the latest checkpoint; what is wrong is logged and counted."""
        sealed = self._container.sealed_log()
        last, after = await sealed.latest(), None
        if last is not None:
            leaf = random.randrange(last.size)
            for found in await sealed.leaves((leaf, leaf + 1)):
                after = UUID(int=found.batch_id.int - 1) if found.batch_id and found.batch_id.int else None
        checked, _ = await self._container.audit().verify_from(after, self._settings.verify_sample)
        seals = self._container.seal_audit()
        findings = [*await seals.sound(), *(each for _, found in checked for each in found)]
        for batch_id, _ in checked[:PROVEN]:
            findings += await seals.batch(batch_id)
        metrics.VERIFIED.inc(len(checked))
        metrics.FINDINGS.inc(len(findings))
        metrics.SAMPLE_FINDINGS.set(len(findings))
        for finding in findings:
            log.error(
                "the audit found something wrong, run `fna-batch audit verify`",
                batch_id=finding.batch_id and str(finding.batch_id),
                version=finding.version,
                checkpoint=finding.checkpoint,
                problem=finding.about,
            )

    async def clean(self) -> None:
        """Remove finished batches whose days in the read model are over."""
        days = self._settings.retention_days
        why = Attribution(actor=f"worker:{self._container.worker_id()}", reason=f"retention of {days} days")
        async for removed in self._container.retention().clean(timedelta(days=days), why):
            metrics.CLEANED.inc(removed)
            log.info("retention removed finished batches from the read model", batches=removed)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Work, then wait, a little random, so that many workers do not do it in step."""
        while not self._stopping.is_set():
            await self._attempt(work)
            with_jitter = seconds * random.uniform(0.75, 1.25)
            try:
                async with asyncio.timeout(with_jitter):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def _attempt(self, work: Callable[[], Awaitable[None]]) -> None:
        name = work.__name__
        try:
            await work()
        except (StorageUnavailable, Conflict) as away:
            log.warning("housekeeping waits for the database", work=name, error=type(away).__name__)
        except (CannotSeal, ClockAhead) as wrong:
            metrics.FAILURES.labels(name).inc()
            log.error("housekeeping cannot go on", work=name, error=str(wrong))
        except Exception as failure:
            metrics.FAILURES.labels(name).inc()
            log.exception("housekeeping failed, trying again", work=name, error=type(failure).__name__)
