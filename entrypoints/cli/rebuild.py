"""audit rebuild and audit replay: the read model from the log, by this projector or another."""

import importlib
import sys
from dataclasses import asdict
from typing import Annotated, cast
from uuid import UUID

import typer

from application.audit.drift import shown
from application.operations.rebuild import Progress
from application.operations.replay import Difference
from application.read_model import Projector
from entrypoints.cli.attribution import Actor, Reason, attribution
from entrypoints.cli.on_database import run_on_database
from entrypoints.cli.output import AsJson, WrongUse, print_json, progress
from entrypoints.cli.verification import count_of_batches
from entrypoints.container import Container


def register(app: typer.Typer) -> None:
    for command in (rebuild, replay):
        app.command()(command)


def rebuild(
    batch: Annotated[UUID | None, typer.Option(help="One batch. [default: all batches]")] = None,
    reason: Reason = "rebuild by hand",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild the read model from the log while the service runs. Safe to interrupt and to repeat.

    Exit 1 if the log itself is damaged, so that a batch has no row.
    """
    operator = attribution(reason, actor)
    if batch is not None:
        drift = run_on_database(lambda container: container.rebuild().batch(batch, operator))
        if as_json:
            print_json([finding.as_dict() for finding in drift])
        else:
            print("\n".join(map(str, drift)) + "\nRepaired." if drift else "Nothing had to be repaired.")
        return

    async def run(container: Container) -> Progress:
        done = Progress()
        with progress("Rebuilding", await container.verification().batch_count()) as line:
            async for done in container.rebuild().everything(operator):
                line.show(done.batches)
        return done

    done = run_on_database(run)
    if as_json:
        print_json(asdict(done) | {"damage": [finding.as_dict() for finding in done.damage]})
    else:
        for finding in done.damage:
            print(finding)
        changes = f"{done.drifted} had drifted, {done.added} were added, {done.removed} removed"
        if done.damaged:
            changes += f"; {done.damaged} are damaged, `fna-batch audit verify` lists them"
        print(f"{count_of_batches(done.batches)} rebuilt: {changes}.")
    if done.damaged:
        raise typer.Exit(1)


def replay(
    projector: Annotated[
        str, typer.Option(help="module:name of a function with the signature of application.read_model:project.")
    ],
    as_json: AsJson = False,
) -> None:
    """Run another projector over the log, and list the batches whose rows would differ. Exit 1 if any would."""
    other = _imported(projector)

    async def run(container: Container) -> tuple[int, list[Difference]]:
        replayed, differences = 0, []
        with progress("Replaying", await container.verification().batch_count()) as line:
            async for _, different in container.replay()(other):
                replayed += 1
                differences += [different] if different else []
                line.show_thousandths(replayed)
        return replayed, differences

    replayed, differences = run_on_database(run)
    if as_json:
        print_json({"batches": replayed, "differences": [asdict(each) for each in differences]})
    else:
        for each in differences:
            fields = [f"{name} is {shown(is_)}, would be {shown(other)}" for name, (is_, other) in each.fields.items()]
            print(f"batch {each.batch_id}: {each.error or '; '.join(fields)}")
        print(f"{count_of_batches(replayed)} replayed, {len(differences)} would differ.")
    if differences:
        raise typer.Exit(1)


def _imported(name: str) -> Projector:
    module, _, attribute = name.partition(":")
    sys.path.insert(0, "")
    try:
        return cast(Projector, getattr(importlib.import_module(module), attribute))
    except Exception as missing:
        cause = f"{type(missing).__name__}: {missing}"
        raise WrongUse(f"--projector needs module:name of a function; {name} is not one: {cause}") from None
