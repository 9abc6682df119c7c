"""The application: routes, gate, problems, and the worker that runs beside them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from entrypoints.container import Container
from entrypoints.housekeeping import Housekeeping
from entrypoints.http import audit, batches, health, problems, reports
from entrypoints.http.gate import Gate
from entrypoints.settings import Settings

DESCRIPTION = """
Batches of financial reports, analysed in the background, provable afterwards.

1. `POST /v1/reports/upload` each report: HTML, inline XBRL, plain text or PDF.
2. `POST /v1/reports/batch` with their ids. A **202 is a promise**: the batch is stored and will finish.
3. `GET /v1/reports/batch/{batch_id}?wait=30` until its status is `COMPLETED`, `PARTIALLY_COMPLETED` or `FAILED`.
4. `GET /v1/reports/{report_id}/analysis` for what was found.

Every error is `application/problem+json` with an `error_code` to act on and a `detail` that says what to do.
"""


def create_app(container: Container, *, run_worker: bool) -> FastAPI:
    """The container must be fresh; its pool is opened and closed with the application."""
    settings: Settings = container.settings()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with container.pool():
            if not run_worker:
                yield
                return
            worker, keeper = container.worker(), Housekeeping(container)
            working = [asyncio.create_task(worker.run()), asyncio.create_task(keeper.run())]
            try:
                yield
            finally:
                worker.stop()
                keeper.stop()
                await asyncio.gather(*working)
                container.analyzer().close()

    app = FastAPI(
        title="FNA Batch",
        version=container.version(),
        description=DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.container = container
    app.state.stopping = asyncio.Event()
    app.include_router(batches.router)
    app.include_router(reports.router)
    app.include_router(audit.router)
    app.include_router(health.router)
    problems.install(app)
    problems.describe(app)
    app.add_middleware(Gate, tokens=container.tokens(), limits=settings.limits, max_upload=settings.max_upload_bytes)
    return app
