"""Probes and metrics. Alive means that the process answers; ready, that it can do its work."""

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from application.errors import StorageUnavailable
from entrypoints import metrics
from entrypoints.http.dependencies import App

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    status: Literal["ok"] = "ok"


class Health(BaseModel):
    status: Literal["ok", "unavailable"]
    database: str = Field(description="`ok`, or why the database cannot be used.")
    version: str


@router.get("/health/live", summary="Liveness: the process answers")
async def live() -> Alive:
    return Alive()


@router.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse)
async def show_metrics() -> PlainTextResponse:
    return PlainTextResponse(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


@router.get("/health", summary="Readiness, as /health/ready", responses={503: {"model": Health}})
@router.get("/health/ready", summary="Readiness: the service can do its work", responses={503: {"model": Health}})
async def ready(app: App, response: Response) -> Health:
    """Answer 503 while the database is away, read-only, or not migrated."""
    try:
        await app.readiness()()
    except StorageUnavailable as away:
        response.status_code = 503
        response.headers["Retry-After"] = "1"
        return Health(status="unavailable", database=str(away), version=app.version())
    return Health(status="ok", database="ok", version=app.version())
