"""A worker whose process is killed by some reports, as by a machine that runs out of memory.

`python -m tests.support.mortal_worker`
"""

import asyncio
import os
import signal

from dependency_injector import providers

from application.ports.analyzer import Analyzer
from domain.analysis import NarrativeAnalysis
from domain.reports import ReportFormat
from entrypoints import logs
from entrypoints.container import Container
from entrypoints.serve import run_worker
from entrypoints.settings import Settings

DEADLY = b"This sentence is deadly."


class MortalAnalyzer:
    """Kills its own process when a report has the deadly sentence."""

    def __init__(self, inner: Analyzer) -> None:
        self._inner = inner

    async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
        if DEADLY in content:
            os.kill(os.getpid(), signal.SIGKILL)
        return await self._inner.analyze(content, report_format)

    def close(self) -> None:
        self._inner.close()  # type: ignore[attr-defined]


def main() -> None:
    settings = Settings()
    logs.configure(settings.log_level)
    container = Container(settings=settings, database_url=str(settings.database_url))
    container.analyzer.override(providers.Object(MortalAnalyzer(container.analyzer())))
    asyncio.run(run_worker(container))


if __name__ == "__main__":
    main()
