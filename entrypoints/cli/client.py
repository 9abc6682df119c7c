"""submit, status, watch, cancel, retry: commands that speak HTTP to a running service."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from domain.reports import ReportType
from entrypoints.cli.api import Api
from entrypoints.cli.attribution import Reason
from entrypoints.cli.output import AsJson, WrongUse, console, plain_name, print_json, progress

Url = Annotated[str, typer.Option(envvar="FNA_BATCH_URL", help="URL of the service.")]
Token = Annotated[str | None, typer.Option(envvar="FNA_BATCH_TOKEN", help="Your access token; see `fna-batch token`.")]
DEFAULT_URL = "http://127.0.0.1:8000"


def register(app: typer.Typer) -> None:
    app.command()(submit)
    app.command()(status)
    app.command()(watch)
    app.command()(cancel)
    app.command()(retry)


def submit(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="The reports, in order.")],
    report_type: Annotated[ReportType, typer.Option("--type", help="The kind of the reports.")] = (
        ReportType.ANNUAL_REPORT
    ),
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Upload reports and submit them as one batch."""
    with Api(url, _needed(token)) as api:
        report_ids = []
        with progress("Uploading", len(files)) as line:
            for number, file in enumerate(files, start=1):
                report_ids.append(api.upload(file, report_type))
                line.show(number, escape(plain_name(file)))
        batch = api.submit(report_ids)
    if as_json:
        print_json(batch)
    else:
        print(batch["batch_id"])


def status(batch: UUID, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """Show the progress of a batch. Exit 1 if it finished and none of its reports succeeded."""
    with Api(url, _needed(token)) as api:
        current = api.batch(str(batch))
        answer(current, as_json)
    _must_have_succeeded(current)


def watch(batch: UUID, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """Follow a batch to its end. Exit 1 if none of its reports succeeded."""
    with Api(url, _needed(token)) as api:
        finished = follow(api, str(batch))
        answer(finished, as_json)
    _must_have_succeeded(finished)


def cancel(batch: UUID, reason: Reason, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """Cancel a batch: its reports without an outcome fail as CANCELLED."""
    with Api(url, _needed(token)) as api:
        answer(api.cancel(str(batch), reason), as_json)


def retry(
    batch: UUID,
    reason: Annotated[str | None, typer.Option(help="Why; at most 200 characters. The log keeps it for ever.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Submit the failed reports of a finished batch again, as a new batch."""
    with Api(url, _needed(token)) as api:
        batch_again = api.retry(str(batch), reason)
    if as_json:
        print_json(batch_again)
    else:
        print(batch_again["batch_id"])


def follow(api: Api, batch_id: str) -> dict[str, Any]:
    with progress("Analysing", api.batch(batch_id)["total_reports"]) as line:
        return api.watch(batch_id, lambda batch: line.show(batch["successful"] + batch["failed"], batch["status"]))


def answer(batch: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(batch)
        return
    done = f"{batch['successful']} successful, {batch['failed']} failed, {batch['total_reports']} in all"
    print(f"{batch['batch_id']}  {batch['status']}  {done}")
    if batch["results"]:
        table = Table()
        for title in ("report", "outcome", "analysis or reason"):
            table.add_column(title, overflow="fold")
        for result in batch["results"]:
            table.add_row(result["report_id"], result["status"], result["analysis_id"] or " ".join(result["errors"]))
        console().print(table)


def _must_have_succeeded(batch: dict[str, Any]) -> None:
    if batch["status"] == "FAILED":
        raise typer.Exit(1)


def _needed(token: str | None) -> str:
    if token and not token.isascii():
        raise WrongUse("The access token contains characters that no token has: copy it again.")
    if not token:
        raise WrongUse("Pass your access token with --token or FNA_BATCH_TOKEN; `fna-batch token` makes one.")
    return token
