"""audit: the evidence that leaves the service: exports, archives, checkpoints, keys and proofs."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, cast
from uuid import UUID

import typer

from application.errors import CannotSeal
from entrypoints.cli.attribution import Actor, Reason, attribution
from entrypoints.cli.jsonl_file import JsonLinesFile
from entrypoints.cli.on_database import run_on_database
from entrypoints.cli.output import AsJson, BadAnswer, WrongUse, print_json, progress
from entrypoints.container import Container
from entrypoints.settings import Settings

FIRST_YEAR = 2000


def register(app: typer.Typer) -> None:
    for command in (export, archive, checkpoint, key, prove):
        app.command()(command)


def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write; `-` is stdout.")],
) -> None:
    """Write the log, its checkpoints and the public keys as JSON Lines. docs/verify.md says how to verify them."""

    damage: list[CannotSeal] = []

    async def run(container: Container) -> int:
        try:
            await container.sealer().seal_all()
        except CannotSeal as damaged:
            damage.append(damaged)
        last = await container.verification().latest_checkpoint()
        size = last.size if last else 0
        with JsonLinesFile(file) as lines, progress("Exporting", size) as line:
            async for exported in container.export()(size):
                lines.write(exported)
                if "leaf" in exported:
                    line.show_thousandths(exported["leaf"])
        return size

    size = run_on_database(run)
    print(f"{size} entries written; docs/verify.md says how to verify them.", file=sys.stderr)
    for damaged in damage:
        raise BadAnswer(
            f"The export ends at the latest checkpoint, since the rest of the log cannot be sealed: {damaged}"
        )


def archive(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write.")],
    before: Annotated[
        datetime, typer.Option(help="Batches submitted before this instant (UTC) may leave the database.")
    ],
    reason: Reason,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Export the log, and record that older batches may leave the database. docs/retention.md has the procedure."""
    operator, moment = attribution(reason, actor), before if before.tzinfo else before.replace(tzinfo=UTC)
    if moment.year < FIRST_YEAR:
        raise WrongUse(f"There were no batches before {FIRST_YEAR}.")
    with JsonLinesFile(file) as lines:
        done = run_on_database(lambda container: container.archive()(moment, operator, lines.write, lines.digest))
    if as_json:
        print_json(asdict(done))
    else:
        print(f"{done.size} entries written, SHA-256 {done.sha256}.")
        which = f"{done.events} events of batches with an id below {done.before}"
        when = "now" if done.sealed else "once `fna-batch audit checkpoint` has sealed the record of this archive"
        print(f"{which} may leave the database {when}: docs/retention.md.")


def checkpoint(as_json: AsJson = False) -> None:
    """Seal the log now and print the signed checkpoint. Keep it out of reach of those who run the database."""

    async def run(container: Container) -> tuple[str | None, str]:
        await container.sealer().seal_all()
        for finding in await container.verification().checkpoint_findings():
            raise BadAnswer(f"{str(finding).rstrip('.')}: run `fna-batch audit verify`.")
        last = await container.verification().latest_checkpoint()
        return last.note if last else None, str(container.receipt_signer().public_key)

    note, key = run_on_database(run)
    if note is None:
        raise BadAnswer("The log is empty: there is nothing to seal yet.")
    if as_json:
        print_json({"note": note, "public_key": key})
    else:
        print(note, end="")


def key() -> None:
    """Print the public key that checkpoints and receipts are signed with (a C2SP verifier key)."""
    print(Container(settings=Settings(), database_url="").receipt_signer().public_key)


def prove(
    batch: Annotated[UUID | None, typer.Argument(help="Prove that the log includes an event of this batch.")] = None,
    version: Annotated[int, typer.Option(min=1, help="The version of the event.")] = 1,
    size: Annotated[
        int | None, typer.Option(min=1, help="The size of the tree, in entries. [default: the latest checkpoint]")
    ] = None,
    since: Annotated[
        int | None, typer.Option(min=1, help="Prove instead that the log grew from this size, in entries.")
    ] = None,
) -> None:
    """Print an RFC 6962 proof as JSON: that the log includes an event, or with --since that the log only grew."""
    if (batch is None) is (since is None):
        raise WrongUse("Name either a batch, or an older size with --since.")

    async def run(container: Container) -> dict[str, Any]:
        if since is not None:
            proof = await container.proofs().consistency(since, size)
            return {"path": [each.hex() for each in proof.path], "old": proof.old.note, "new": proof.new.note}
        included = await container.proofs().inclusion(cast(UUID, batch), version, size)
        path = [each.hex() for each in included.path]
        return {"leaf_index": included.leaf_index, "path": path, "checkpoint": included.checkpoint.note}

    print_json(run_on_database(run))
