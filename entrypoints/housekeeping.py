"""Housekeeping: every worker seals the log, verifies samples of it, and applies retention."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from application.errors import CannotSeal, ClockAhead, Conflict, StorageUnavailable
from application.operator_actions import Attribution
from entrypoints import metrics
from entrypoints.container import Container
from entrypoints.settings import Settings

log = structlog.get_logger()
CLEAN_EVERY_S = 3600.0
FINDING_EVENT = "the audit found a problem: run `fna-batch audit verify`"
"""The log event of each finding in a sample."""


class Housekeeping:
    """Safe in every worker at once: locks in the database keep two from doing the same work."""

    def __init__(self, container: Container) -> None:
        self._container, self._stopping = container, asyncio.Event()
        self._settings: Settings = container.settings()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Run until `stop` is called, end what was begun, and seal once more."""
        settings = self._settings
        await asyncio.gather(
            self._every(settings.seal_every_s, self.seal),
            self._every(settings.verify_every_s, self.sample),
            self._every(CLEAN_EVERY_S, self.clean),
        )
        await self._attempt(self.seal)

    async def seal(self) -> None:
        """Extend the signed tree over all that was appended."""
        await self._container.sealer().seal_all()
        last = await self._container.verification().latest_checkpoint()
        metrics.SEALED.set(last.size if last else 0)
        metrics.SEALED_AT.set(time.time())

    async def sample(self) -> None:
        """Verify some batches, from a random one on, and the latest checkpoint; log and count what is wrong."""
        sampled = await self._container.verification().sample(self._settings.verify_sample, random.randrange)
        metrics.VERIFIED.inc(sampled.batches)
        metrics.FINDINGS.inc(len(sampled.findings))
        metrics.SAMPLE_FINDINGS.set(len(sampled.findings))
        for finding in sampled.findings:
            log.error(
                FINDING_EVENT,
                kind=str(finding.kind),
                subject=finding.subject,
                batch_id=finding.batch_id and str(finding.batch_id),
                version=finding.version,
                checkpoint=finding.checkpoint,
            )

    async def clean(self) -> None:
        """Remove rows of finished batches that are older than the retention."""
        days = self._settings.retention_days
        attribution = Attribution(actor=f"worker:{self._container.worker_id()}", reason=f"retention of {days} days")
        async for removed in self._container.retention().clean(timedelta(days=days), attribution):
            metrics.CLEANED.inc(removed)
            log.info("retention removed finished batches from the read model", batches=removed)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Repeat `work`, with waits of random length, so that workers do not run in step."""
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
            log.error("housekeeping cannot continue", work=name, error=str(wrong))
        except Exception as failure:
            metrics.FAILURES.labels(name).inc()
            log.exception("housekeeping failed, will retry", work=name, error=type(failure).__name__)
