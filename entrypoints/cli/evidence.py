"""audit: what leaves the service as evidence: exports, archives, checkpoints, keys and proofs."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, cast
from uuid import UUID

import typer

from application.audit.signed_notes import public_key
from application.errors import CannotSeal
from entrypoints.cli.attribution import Actor, Reason, why
from entrypoints.cli.jsonl_file import LineFile
from entrypoints.cli.on_database import with_container
from entrypoints.cli.output import AsJson, BadAnswer, WrongUse, print_json, progress
from entrypoints.container import Container
from entrypoints.settings import Settings

FIRST_YEAR = 2000


def register(app: typer.Typer) -> None:
    for command in (export, archive, checkpoint, key, prove):
        app.command()(command)


def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where to write; `-` is stdout.")],
) -> None:
    """Write the log, its checkpoints and the public keys as JSON Lines, to be checked by anybody: docs/verify.md."""

    damage: list[CannotSeal] = []

    async def run(container: Container) -> int:
        try:
            await container.sealer().seal_all()
        except CannotSeal as damaged:
            damage.append(damaged)
        last = await container.sealed_log().latest()
        size = last.size if last else 0
        with LineFile(file) as lines, progress("Exporting", size) as line:
            async for exported in container.export()(size):
                lines.write(exported)
                if "leaf" in exported:
                    line.sometimes(exported["leaf"])
        return size

    size = with_container(run)
    print(f"{size} entries written; docs/verify.md says how to check them.", file=sys.stderr)
    for damaged in damage:
        raise BadAnswer(f"That is as far as the log is sealed, since the rest cannot be: {damaged}")


def archive(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where to write the log.")],
    before: Annotated[datetime, typer.Option(help="Batches submitted before then may leave the database (UTC).")],
    reason: Reason,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Export the log, and record that older batches may be moved out of the database: docs/retention.md."""
    acting, moment = why(reason, actor), before if before.tzinfo else before.replace(tzinfo=UTC)
    if moment.year < FIRST_YEAR:
        raise WrongUse(f"There were no batches before {FIRST_YEAR}.")
    with LineFile(file) as lines:
        done = with_container(lambda container: container.archive()(moment, acting, lines.write, digest=lines.digest))
    if as_json:
        print_json(asdict(done))
    else:
        print(f"{done.size} entries written, SHA-256 {done.sha256}.")
        which = f"{done.events} events of batches with an id below {done.before}"
        when = "now" if done.sealed else "once `fna-batch audit checkpoint` has covered the act that says so"
        print(f"{which} may leave the database {when}: docs/retention.md.")


def checkpoint(as_json: AsJson = False) -> None:
    """Seal the log now and print the signed checkpoint: keep it where nobody who runs the database can reach it."""

    async def run(container: Container) -> tuple[str | None, str]:
        await container.sealer().seal_all()
        for wrong in await container.seal_audit().sound():
            raise BadAnswer(f"{str(wrong).rstrip('.')}: run `fna-batch audit verify`.")
        last = await container.sealed_log().latest()
        return last.note if last else None, str(public_key(container.signer()))

    note, key = with_container(run)
    if note is None:
        raise BadAnswer("The log is empty: there is nothing to seal yet.")
    if as_json:
        print_json({"note": note, "public_key": key})
    else:
        print(note, end="")


def key() -> None:
    """Print the public key that checkpoints and receipts are signed with (a C2SP verifier key)."""
    print(public_key(Container(settings=Settings(), database_url="").signer()))


def prove(
    batch: Annotated[UUID | None, typer.Argument(help="Prove that the log holds an event of this batch.")] = None,
    version: Annotated[int, typer.Option(min=1, help="Which event of the batch.")] = 1,
    size: Annotated[
        int | None, typer.Option(min=1, help="In the tree of so many entries; by default the latest.")
    ] = None,
    since: Annotated[
        int | None, typer.Option(min=1, help="Prove instead that the log grew from so many entries.")
    ] = None,
) -> None:
    """Print an RFC 6962 proof as JSON: that an event is in the log, or with --since that the log only grew."""
    if (batch is None) is (since is None):
        raise WrongUse("Name a batch, or an older size with --since.")

    async def run(container: Container) -> dict[str, Any]:
        if since is not None:
            grown = await container.proofs().consistency(since, size)
            return {"path": [each.hex() for each in grown.path], "old": grown.old.note, "new": grown.new.note}
        held = await container.proofs().inclusion(cast(UUID, batch), version, size)
        path = [each.hex() for each in held.path]
        return {"leaf_index": held.leaf_index, "path": path, "checkpoint": held.checkpoint.note}

    print_json(with_container(run))
