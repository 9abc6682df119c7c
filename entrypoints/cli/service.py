"""serve, worker, migrate, token: commands that run the service.

The server is imported where it is needed, so that every other command starts without it, in less time.
"""

import asyncio
import signal
import socket
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import psycopg
import structlog
import typer

from application.ports.tokens import Identity, Role
from domain.tiers import Tier
from entrypoints import logs, metrics
from entrypoints.cli.output import BadAnswer, WrongUse
from entrypoints.container import Container, Database, database, migrate, revision_of
from entrypoints.settings import Settings

log = structlog.get_logger()
MOST_HOURS = 24 * 366
Concurrency = Annotated[int | None, typer.Option(min=1, help="Batches that the worker processes at once.")]


def register(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(worker)
    app.command("migrate")(migrate_)
    app.command()(token)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = None,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Run a worker in this process too.")] = True,
    concurrency: Concurrency = None,
) -> None:
    """Run the API, with a worker beside it."""
    from entrypoints.serve import server

    settings = _settings(host=host, port=port, worker_concurrency=concurrency)
    with database(settings) as running:
        container = Container(settings=settings, database_url=running.url)
        container.tokens()
        container.receipt_signer()
        _prepare(settings, running)
        bound = _listen(settings)
        shown = bound.getsockname()[1]
        log.info("serving", url=f"http://{settings.host}:{shown}", docs=f"http://{settings.host}:{shown}/docs")
        _exit_0_on_signals()
        server(container, run_worker=worker).run(sockets=[bound])


def worker(concurrency: Concurrency = None) -> None:
    """Run a worker without the API. Run as many as you like."""
    from entrypoints.serve import run_worker

    settings = _settings(worker_concurrency=concurrency)
    with database(settings) as running:
        _prepare(settings, running)
        if settings.metrics_port is not None:
            metrics.listen(settings.host, settings.metrics_port)
        asyncio.run(run_worker(Container(settings=settings, database_url=running.url)))


def migrate_() -> None:
    """Migrate the database to the newest schema."""
    with database(Settings()) as running:
        migrate(running.admin_url)
        print(f"The schema is at revision {revision_of(running.admin_url)}.")


def token(
    user: Annotated[UUID, typer.Option(help="The user's UUID.")],
    tier: Annotated[Tier, typer.Option(help="The user's subscription.")],
    role: Annotated[list[Role] | None, typer.Option(help="A role in addition; may be repeated.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=MOST_HOURS, help="Lifetime in hours.")] = 24,
) -> None:
    """Print an access token signed with the service's secret, to try the API."""
    container = Container(settings=Settings(), database_url="")
    identity = Identity(user_id=user, tier=tier, roles=frozenset(role or ()))
    print(container.tokens().issue(identity, timedelta(hours=hours)))


def _listen(settings: Settings) -> socket.socket:
    from entrypoints.serve import listening_socket

    try:
        return listening_socket(settings.host, settings.port)
    except OSError as taken:
        cause = f"{settings.host}:{settings.port} cannot be listened on ({taken.strerror})"
        raise WrongUse(
            f"{cause}: choose another with --host and --port, or FNA_BATCH_HOST and FNA_BATCH_PORT."
        ) from taken


def _exit_0_on_signals() -> None:
    """Ignore the signal that uvicorn raises again after it has shut down."""
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_, lambda *_: None)


def _settings(**given: object) -> Settings:
    settings = Settings.model_validate(
        Settings().model_dump() | {name: value for name, value in given.items() if value is not None}
    )
    logs.configure(settings.log_level)
    return settings


def _prepare(settings: Settings, running: Database) -> None:
    """Fail now on what would fail later: an unusable word list, a database without schema."""
    try:
        Container(settings=settings, database_url=running.url).lexicon()
    except (OSError, ValueError) as unusable:
        raise WrongUse(f"FNA_BATCH_LEXICON_PATH cannot be used: {unusable}") from unusable
    try:
        if revision_of(running.url) is None:
            raise BadAnswer("The database was never migrated: run `fna-batch migrate` or `alembic upgrade head`.")
    except psycopg.OperationalError as away:
        log.warning("the database is away, waiting for it", error=type(away).__name__)
