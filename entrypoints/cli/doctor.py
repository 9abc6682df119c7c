"""doctor: checks of the installation, each with advice."""

import asyncio
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
import typer

from application.errors import AnalysisError
from domain.reports import ReportFormat
from entrypoints.cli.output import AsJson, print_json
from entrypoints.container import (
    Container,
    Database,
    EmbeddedPostgresFailed,
    database,
    inspect,
    newest_revision,
)
from entrypoints.secrets import MissingSecret
from entrypoints.settings import Settings

OLDEST_SERVER = 150000
WAITS_TOO_LONG_S = 30.0
SPECIMEN = (
    "The company's revenue grew by ten percent and its operating profit rose. Demand for its products was strong in "
    "all of its markets, and the costs of production fell. The company may be affected by a decline in demand, and "
    "there can be no assurance that it will continue to grow at the same rate."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of one check; `advice` says what to do, and is empty when nothing is wrong."""

    what: str
    found: str
    advice: str = ""


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(as_json: AsJson = False) -> None:
    """Check database, migrations, privileges, secrets, worker and analyser. Exit 1 if one of them needs attention."""
    checks = list(_checks(Settings()))
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            print(f"{'ok ' if not check.advice else 'BAD'} {check.what:<12} {check.found}")
            if check.advice:
                print(f"{'':17}{check.advice}")
    if any(check.advice for check in checks):
        raise typer.Exit(1)


def _checks(settings: Settings) -> Iterator[Check]:
    yield _secret(settings)
    yield _signing_key(settings)
    yield asyncio.run(_analyser(settings))
    try:
        with database(settings) as running:
            yield from _database(settings, running)
    except EmbeddedPostgresFailed as failed:
        yield Check(what="database", found="the embedded PostgreSQL does not start", advice=str(failed))


def _secret(settings: Settings) -> Check:
    try:
        Container(settings=settings, database_url="").tokens()
    except MissingSecret as wrong:
        return Check(what="secret", found="tokens cannot be verified", advice=str(wrong))
    except OSError as unreadable:
        advice = f"Make {Path(settings.data_dir).expanduser()} readable and writable for this user."
        return Check(what="secret", found=str(unreadable), advice=advice)
    return Check(what="secret", found="set" if settings.jwt_secret else "generated in the data folder")


def _signing_key(settings: Settings) -> Check:
    try:
        key = str(Container(settings=settings, database_url="").receipt_signer().public_key)
    except (OSError, ValueError) as unusable:
        advice = "Set FNA_BATCH_SIGNING_KEY, or make DATA_DIR readable and writable for this user."
        return Check(what="signing key", found=f"it cannot be used: {unusable}", advice=advice)
    generated = "" if settings.signing_key else ", generated in the data folder"
    return Check(what="signing key", found=f"{key}{generated}")


async def _seals(settings: Settings, url: str, unsealed_s: float) -> Check:
    container = Container(settings=settings, database_url=url)
    async with container.pool():
        last = await container.verification().latest_checkpoint()
        findings = await container.verification().checkpoint_findings()
    if findings:
        advice = (
            "If another machine's key has signed, give every process the same FNA_BATCH_SIGNING_KEY, and list earlier "
            "keys in FNA_BATCH_TRUSTED_KEYS. Otherwise run `fna-batch audit verify`."
        )
        return Check(what="seals", found=str(findings[0]), advice=advice)
    if unsealed_s > max(WAITS_TOO_LONG_S, 3 * settings.seal_every_s):
        advice = "Workers seal: start one. If one runs, `fna-batch audit checkpoint` says why it cannot seal."
        return Check(what="seals", found=f"no checkpoint covers an event that is {unsealed_s:.0f} s old", advice=advice)
    return Check(what="seals", found=f"{last.size if last else 0} entries are covered by signed checkpoints")


async def _analyser(settings: Settings) -> Check:
    one = settings.model_copy(update={"analysis_processes": 1})  # a second process would be ended while it still starts
    analyzer = Container(settings=one, database_url="").analyzer()
    try:
        analysis = await analyzer.analyze(SPECIMEN.encode(), ReportFormat.TEXT)
    except (AnalysisError, OSError, ValueError) as failed:
        advice = "Check that the service may start processes, that memory is free, and that LEXICON_PATH is right."
        return Check(what="analyser", found=f"it failed to analyse a text: {failed}", advice=advice)
    finally:
        analyzer.close()
    return Check(what="analyser", found=f"{analysis.model_version} works in its own process")


def _database(settings: Settings, running: Database) -> Iterator[Check]:
    try:
        seen = inspect(running.url, settings.heartbeat_timeout_s)
    except psycopg.Error as away:
        shown = (str(away).strip().splitlines() or [type(away).__name__])[0]
        advice = "Check that the server runs, and that FNA_BATCH_DATABASE_URL is right."
        yield Check(what="database", found=shown, advice=advice)
        return
    old = seen.server_version < OLDEST_SERVER
    yield Check(
        what="database",
        found=f"PostgreSQL {seen.server_version // 10000} answers" + (", read-only" if seen.read_only else ""),
        advice="Use PostgreSQL 15 or newer."
        if old
        else "Point FNA_BATCH_DATABASE_URL at the primary."
        if seen.read_only
        else "",
    )
    newest = newest_revision()
    behind = seen.revision != newest
    yield Check(
        what="migrations",
        found=f"revision {seen.revision or 'none'}, this service's is {newest}",
        advice="Run `fna-batch migrate`." if behind else "",
    )
    if behind:
        return
    yield Check(
        what="privileges",
        found="the service may change events" if seen.may_change_events else "the service may only append events",
        advice="Connect as a member of the role fna_batch_app that owns nothing; see docs/operating.md. "
        "Until then only the triggers protect the log."
        if seen.may_change_events
        else "",
    )
    yield Check(
        what="triggers",
        found=f"{seen.triggers_off} triggers that protect the log are disabled or missing"
        if seen.triggers_off
        else "all are enabled",
        advice="Enable them (ALTER TABLE … ENABLE TRIGGER ALL; SELECT protect_events(…) for a partition), run "
        "`fna-batch audit verify`, and find out who disabled them."
        if seen.triggers_off
        else "",
    )
    waits = seen.oldest_waiting_s or 0.0
    yield Check(
        what="worker",
        found=f"{seen.waiting} batches wait, the oldest for {waits:.0f} s, and {seen.running} run",
        advice="No worker claims them: start `fna-batch worker`, or `fna-batch serve` without --no-worker."
        if waits > WAITS_TOO_LONG_S and not seen.running
        else "",
    )
    yield asyncio.run(_seals(settings, running.url, seen.oldest_unsealed_s or 0.0))
