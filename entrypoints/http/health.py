"""Probes: alive means that this process answers, ready that it can do its work."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from application.errors import StorageUnavailable
from entrypoints import metrics
from entrypoints.container import Container
from entrypoints.http.dependencies import container

router = APIRouter(tags=["health"])
Own = Annotated[Container, Depends(container)]


class Alive(BaseModel):
    status: Literal["ok"] = "ok"


class Health(BaseModel):
    status: Literal["ok", "unavailable"]
    database: str = Field(description="`ok`, or why it cannot be used.")
    version: str


@router.get("/health/live", summary="Does the process answer?")
async def live() -> Alive:
    return Alive()


@router.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse)
async def show_metrics() -> PlainTextResponse:
    return PlainTextResponse(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


@router.get("/health", summary="Is everything in order?", responses={503: {"model": Health}})
@router.get("/health/ready", summary="Can it do its work?", responses={503: {"model": Health}})
async def ready(own: Own, response: Response) -> Health:
    """503 while the database is away, is read-only, or was never migrated."""
    try:
        await own.readiness()()
    except StorageUnavailable as away:
        response.status_code = 503
        response.headers["Retry-After"] = "1"
        return Health(status="unavailable", database=str(away), version=own.version())
    return Health(status="ok", database="ok", version=own.version())
