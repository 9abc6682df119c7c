"""The FastAPI application: routes, gate, error handlers, and the worker that runs beside them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from entrypoints.container import Container
from entrypoints.http import audit, batches, error_handlers, health, problems, reports
from entrypoints.http.gate import Gate
from entrypoints.settings import Settings
from entrypoints.worker import WorkerWithHousekeeping

DESCRIPTION = """
FNA Batch analyses batches of financial reports in the background, and can prove afterwards what happened.

1. `POST /v1/reports/upload` each report: HTML, inline XBRL, plain text or PDF.
2. `POST /v1/reports/batch` with their ids. A **202 is a promise**: the batch is stored and will finish.
3. `GET /v1/reports/batch/{batch_id}?wait=30` until its status is `COMPLETED`, `PARTIALLY_COMPLETED` or `FAILED`.
4. `GET /v1/reports/{report_id}/analysis` for each analysis.

Every error is `application/problem+json`: programs decide by `error_code`, people read `detail`.
"""


def create_app(container: Container, *, run_worker: bool) -> FastAPI:
    """Create the application over a new container, whose pool it opens and closes."""
    settings: Settings = container.settings()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with container.pool():
            if not run_worker:
                yield
                return
            worker = WorkerWithHousekeeping(container)
            working = asyncio.create_task(worker.run())
            try:
                yield
            finally:
                worker.stop()
                await working

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
    error_handlers.install(app)
    problems.describe(app)
    app.add_middleware(Gate, tokens=container.tokens(), limits=settings.limits, max_upload=settings.max_upload_bytes)
    return app
