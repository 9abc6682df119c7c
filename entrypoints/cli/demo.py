"""demo: the main job once, over real HTTP, from the reports to the verification."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer
from rich.markup import escape
from rich.table import Table

from application.ports.tokens import Identity
from domain.reports import ReportType
from domain.tiers import Tier
from entrypoints import logs
from entrypoints.cli.api import Api
from entrypoints.cli.client import follow
from entrypoints.cli.output import WrongUse, console, plain_name, progress
from entrypoints.cli.verification import event_lines, summary, verify
from entrypoints.container import Container, database
from entrypoints.settings import Settings

HERE = Path(__file__).resolve()
SAMPLES = (HERE.parent / "samples", HERE.parents[2] / "samples")
SUFFIXES = (".html", ".htm", ".txt", ".pdf", ".xhtml")
BATCH = 10


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    files: Annotated[
        list[Path] | None, typer.Argument(exists=True, help="Reports, or folders of reports. [default: the samples]")
    ] = None,
) -> None:
    """Run the main job once: start database, API and worker, analyse reports, show events, verify the log."""
    from entrypoints.serve import listening_socket, running_server

    reports = _reports(files or [next(folder for folder in SAMPLES if folder.exists())])
    settings = Settings()
    own = {"database_url": None, "data_dir": settings.data_dir / "demo", "rate_limits": dict.fromkeys(Tier, 1_000_000)}
    settings = settings.model_copy(update=own)
    logs.configure("ERROR")
    with database(settings) as found:
        print("The demonstration's own PostgreSQL is running.")
        container = Container(settings=settings, database_url=found.url)
        identity = Identity(user_id=uuid4(), tier=Tier.ENTERPRISE)
        token = container.tokens().issue(identity, timedelta(hours=1))
        with listening_socket("127.0.0.1", 0) as bound, running_server(container, bound) as url:
            print(f"API and worker answer at {url}.\n")
            with Api(url, token) as api:
                batches = [_run(api, reports[at : at + BATCH]) for at in range(0, len(reports), BATCH)]
        audited = Container(settings=settings, database_url=found.url)
        asyncio.run(_audit(audited, [UUID(batch["batch_id"]) for batch in batches]))
    if all(batch["status"] == "FAILED" for batch in batches):
        raise typer.Exit(1)


def _run(api: Api, reports: Sequence[Path]) -> dict[str, Any]:
    """Run one batch from upload to its end, and print its analyses."""
    names: dict[str, str] = {}
    with progress("Uploading", len(reports)) as line:
        for number, report in enumerate(reports, start=1):
            names[api.upload(report, ReportType.ANNUAL_REPORT)] = plain_name(report)
            line.show(number)
    batch = follow(api, api.submit(list(names))["batch_id"])
    table = Table("report", "optimism", "risk", "uncertainty", "first themes, or why it failed", title="Analyses")
    for result in batch["results"]:
        name = names[result["report_id"]]
        if result["status"] == "failed":
            table.add_row(escape(name), "-", "-", "-", " ".join(result["errors"]))
            continue
        analysis = api.analysis(result["report_id"])["analysis"]
        scores = (f"{analysis[kind]:.2f}" for kind in ("optimism_score", "risk_score", "uncertainty_score"))
        table.add_row(escape(name), *scores, ", ".join(analysis["key_themes"][:4]))
    console().print(table)
    done = f"{batch['successful']} of {batch['total_reports']} analysed"
    print(f"\nBatch {batch['batch_id']}: {batch['status']}, {done}.")
    return batch


async def _audit(container: Container, batch_ids: Sequence[UUID]) -> None:
    async with container.pool():
        for batch_id in batch_ids:
            print("\nIts events, each linked to the one before it by a hash:")
            for line in event_lines((await container.verification().history(batch_id)).events):
                print(line)
        await container.sealer().seal_all()
        verified = await verify(container.verification(), None)
    print("\nThe verification:")
    for line in summary(verified):
        print(line)
    if verified.findings:
        raise typer.Exit(1)


def _reports(given: Sequence[Path]) -> list[Path]:
    """Return the given files, and the reports in the given folders."""
    found = []
    for path in given:
        inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
        found += inside if path.is_dir() else [path]
    if not found:
        raise WrongUse(f"There are no reports ({', '.join(SUFFIXES)}) in {', '.join(map(str, given))}.")
    return found
