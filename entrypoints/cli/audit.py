"""audit: what happened to a batch, and whether log and read model can be believed."""

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

import typer
from pydantic import TypeAdapter

from application.acts import Act
from application.audit import Finding, History, shown
from application.log import StoredEvent, instant
from application.notes import public_key
from application.repair import Difference, Progress, Projector
from entrypoints.cli.lines import LineFile
from entrypoints.cli.output import AsJson, BadAnswer, ProgressLine, WrongUse, print_json, progress
from entrypoints.cli.why import Actor, Reason, why
from entrypoints.container import Container, database
from entrypoints.settings import Settings

app = typer.Typer(help="What happened, and can it be believed?", no_args_is_help=True, rich_markup_mode=None)
T = TypeVar("T")
Kept = Annotated[
    list[Path] | None,
    typer.Option("--checkpoint", exists=True, dir_okay=False, help="A checkpoint that you kept, as a file."),
]
HISTORY = TypeAdapter(dict[str, Any])
FIRST_YEAR = 2000
NOT_SHOWN = ("report_ids", "errors", "user_id", "worker_id")
"""Too long for a line, or said by the actor."""
ORDER = ("tier", "attempt", "report_id", "code", "analysis_id", "duration_ms", "status", "successful", "failed")
"""The database keeps fields in an order of its own."""
STATUS = ("batch_id", "status", "total_reports", "successful", "failed", "results", "processed_at")


@app.command()
def history(
    batch: UUID,
    as_of: Annotated[datetime | None, typer.Option(help="Only what was recorded up to then (UTC).")] = None,
    as_json: AsJson = False,
) -> None:
    """Every event of a batch, with its time, actor and reason; with --as-of also the status answer of that instant."""
    then = as_of.replace(tzinfo=UTC) if as_of is not None and as_of.tzinfo is None else as_of
    found = with_container(lambda container: container.audit().history(batch, then))
    if as_json:
        print_json(_as_dict(found))
        return
    for line in trail(found.events):
        print(line)
    if found.as_of is not None and (job := found.job) is not None:
        counts = f"{job.successful} successful, {job.failed} failed, {job.total_reports} in all"
        print(f"At {instant(found.as_of)} it was {job.status}: {counts}.")


@app.command()
def verify(
    batch: Annotated[UUID | None, typer.Option(help="One batch; without it, the whole log.")] = None,
    checkpoint: Kept = None,
    as_json: AsJson = False,
) -> None:
    """Check chains, streams, the tree with its signed checkpoints, and the read model. Exit 1 where anything is wrong.

    Name the checkpoints that you kept: only they show a log that was rolled back or rewritten as a whole.
    """
    kept = [file.read_text() for file in checkpoint or ()]
    checked, sealed, findings = with_container(lambda container: verified(container, batch, kept))
    if as_json:
        print_json({"batches": checked, "sealed": sealed, "findings": [asdict(finding) for finding in findings]})
    else:
        for line in verdict(checked, sealed, findings):
            print(line)
    if findings:
        raise typer.Exit(1)


@app.command()
def rebuild(
    batch: Annotated[UUID | None, typer.Option(help="One batch alone.")] = None,
    reason: Reason = "rebuild by hand",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make the read model anew from the log while the service goes on. Safe to interrupt, and to repeat.

    Exit 1 where the log itself is damaged, so that a batch gives no row.
    """
    acting = why(reason, actor)
    if batch is not None:
        found = with_container(lambda container: container.reprojection().repair(batch, acting))
        if as_json:
            print_json([asdict(finding) for finding in found])
        else:
            print("\n".join(map(str, found)) + "\nRepaired." if found else "Nothing had to be repaired.")
        return

    async def run(container: Container) -> Progress:
        with progress("Rebuilding", await container.audit_source().count()) as line:
            async for done in container.reprojection().rebuild(acting):
                line.show(done.batches)
        return done

    done = with_container(run)
    if as_json:
        print_json(asdict(done))
    else:
        for finding in done.unprojectable:
            print(finding)
        changes = f"{len(done.drifted)} had drifted, {done.added} were added, {done.removed} removed"
        print(f"{counted(done.batches)} projected anew: {changes}.")
    if done.unprojectable:
        raise typer.Exit(1)


@app.command()
def acts(as_json: AsJson = False) -> None:
    """What operators, and workers on their own, did besides the lives of batches, with actor and reason."""

    async def run(container: Container) -> list[Act]:
        found: list[Act] = []
        while page := await container.sealed_log().acts(after=found[-1].act_id if found else None, limit=1000):
            found += [act for act, _ in page]
        return found

    found = with_container(run)
    if as_json:
        print_json([act.hashed() for act in found])
        return
    for act in found:
        data = " ".join(f"{name}={value}" for name, value in act.data.items())
        print(f"{instant(act.recorded_at)}  {act.kind:<10}  {act.actor:<30}  {act.reason!r}  {data}")


@app.command()
def replay(
    projector: Annotated[str, typer.Option(help="Another projector: module:name, called as application.read_model's.")],
    as_json: AsJson = False,
) -> None:
    """Run another projector over the real log, aside, and tell which batches would differ. Exit 1 where any would."""
    other = _imported(projector)

    async def run(container: Container) -> tuple[int, list[Difference]]:
        replayed, differences = 0, []
        with progress("Replaying", await container.audit_source().count()) as line:
            async for _, different in container.replay()(other):
                replayed += 1
                differences += [different] if different else []
                sometimes(line, replayed)
        return replayed, differences

    replayed, differences = with_container(run)
    if as_json:
        print_json({"batches": replayed, "differences": [asdict(each) for each in differences]})
    else:
        for each in differences:
            told = [f"{name} is {shown(was)}, would be {shown(be)}" for name, (was, be) in each.fields.items()]
            print(f"batch {each.batch_id}: {each.error or '; '.join(told)}")
        print(f"{counted(replayed)} replayed, {len(differences)} would differ.")
    if differences:
        raise typer.Exit(1)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where to write; `-` is stdout.")],
) -> None:
    """Write the log, its checkpoints and the public keys as JSON Lines, to be checked by anybody: docs/verify.md."""

    async def run(container: Container) -> int:
        await container.sealer().seal_all()
        last = await container.sealed_log().latest()
        size = last.size if last else 0
        with LineFile(file) as lines, progress("Exporting", size) as line:
            async for exported in container.export()(size):
                lines.write(exported)
                if "leaf" in exported:
                    sometimes(line, exported["leaf"])
        return size

    size = with_container(run)
    print(f"{size} entries written; docs/verify.md says how to check them.", file=sys.stderr)


@app.command()
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
        print(f"Batches with an id below {done.before} may leave the database now: docs/retention.md.")


@app.command()
def checkpoint(as_json: AsJson = False) -> None:
    """Seal the log now and print the signed checkpoint: keep it where nobody who runs the database can reach it."""

    async def run(container: Container) -> tuple[str | None, str]:
        await container.sealer().seal_all()
        for wrong in await container.seal_audit().sound():
            raise BadAnswer(f"{wrong}; run `fna-batch audit verify`.")
        last = await container.sealed_log().latest()
        return last.note if last else None, str(public_key(container.signer()))

    note, key = with_container(run)
    if note is None:
        raise BadAnswer("The log is empty: there is nothing to seal yet.")
    if as_json:
        print_json({"note": note, "public_key": key})
    else:
        print(note, end="")


@app.command()
def key() -> None:
    """Print the public key that checkpoints and receipts are signed with (a C2SP verifier key)."""
    print(public_key(Container(settings=Settings(), database_url="").signer()))


@app.command()
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


async def verified(
    container: Container, batch: UUID | None, kept: Sequence[str] = ()
) -> tuple[int, int, Sequence[Finding]]:
    """How many batches were checked, how many entries of the tree, and everything that is wrong."""
    found: list[Finding] = []
    checked = sealed = 0
    with progress("Verifying", 1 if batch else await container.audit_source().count()) as line:
        async for _, problems in container.audit().verify(batch):
            checked += 1
            found.extend(problems)
            sometimes(line, checked)
    if batch is None or kept:
        last = await container.sealed_log().latest()
        with progress("Recomputing the tree", last.size if last else 0) as line:
            async for sealed, problems in container.seal_audit().verify(kept):
                found.extend(problems)
                sometimes(line, sealed)
    return checked, sealed, found


def verdict(checked: int, sealed: int, findings: Sequence[Finding]) -> list[str]:
    """For a reader: the findings, then the sum."""
    batches = counted(checked)
    if findings:
        return [*map(str, findings), f"{batches} checked, {len(findings)} finding{'' if len(findings) == 1 else 's'}."]
    sound = f"{batches} verified: every hash chain holds, every stream is well formed, batch_jobs equals the log."
    tree = f"{sealed} entries are sealed: the tree gives the root of every checkpoint, and every signature fits."
    return [sound, tree] if sealed else [sound]


def counted(batches: int) -> str:
    return f"{batches} batch{'' if batches == 1 else 'es'}"


def trail(events: Sequence[StoredEvent]) -> list[str]:
    """One line an event: version, time, type, actor, and what it says."""
    told = []
    for event in events:
        named = sorted(event.data, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
        said = {name: event.data[name] for name in named if name not in (*NOT_SHOWN, "reason")}
        details = " ".join(f"{name}={value}" for name, value in said.items() if value is not None)
        reason = event.data.get("reason") or event.metadata.get("reason")
        because = f" reason={reason!r}" if reason else ""
        told.append(
            f"{event.version:>3}  {instant(event.recorded_at)}  {event.type:<15}  "
            f"{event.metadata.get('actor', '?'):<46}  {details}{because}".rstrip()
        )
    return told


def with_container(work: Callable[[Container], Awaitable[T]]) -> T:
    """Run `work` on the database of the settings."""
    settings = Settings()

    async def run(url: str) -> T:
        container = Container(settings=settings, database_url=url)
        async with container.pool():
            return await work(container)

    with database(settings) as found:
        return asyncio.run(run(found.url))


def sometimes(line: ProgressLine, done: int) -> None:
    if done % 1000 == 0:
        line.show(done)


def _imported(name: str) -> Projector:
    module, _, attribute = name.partition(":")
    sys.path.insert(0, "")
    try:
        return cast(Projector, getattr(importlib.import_module(module), attribute))
    except Exception as missing:
        why_not = f"{type(missing).__name__}: {missing}"
        raise WrongUse(f"--projector wants module:name of a function; {name} is none: {why_not}") from None


def _as_dict(found: History) -> dict[str, Any]:
    batch = None if found.job is None else {name: getattr(found.job, name) for name in STATUS}
    return {
        "batch_id": found.batch_id,
        "as_of": None if found.as_of is None else instant(found.as_of),
        "batch": batch,
        "events": [event.hashed() | {"hash": event.hash.hex()} for event in found.events],
    }
