"""All commands, and the handling of their errors: one line on stderr. Exit 0 done, 1 a bad answer, 2 wrong use."""

import logging
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Annotated

import httpx
import psycopg
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from application.errors import ApplicationError, StorageUnavailable
from domain.refusals import Refusal
from entrypoints.cli import analyze, audit, client, demo, doctor, evidence, operations, rebuild, service
from entrypoints.cli.output import BadAnswer, WrongUse
from entrypoints.container import EmbeddedPostgresFailed
from entrypoints.secrets import MissingSecret

app = typer.Typer(
    name="fna-batch",
    help="Batches of financial reports: analysed in the background, provable afterwards.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (demo, service, client, operations, analyze, doctor):
    module.register(app)
rebuild.register(audit.app)
evidence.register(audit.app)
app.add_typer(audit.app, name="audit")


def _version(requested: bool) -> None:
    if requested:
        print(f"fna-batch {version('fna-batch')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Batches of financial reports: analysed in the background, provable afterwards."""


def run() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    logging.getLogger("psycopg").setLevel("ERROR")
    try:
        sys.exit(app(standalone_mode=False))
    except typer.Abort:
        raise SystemExit(130) from None
    except Exception as failed:
        for kinds, message_of, code in ENDS:
            if isinstance(failed, kinds):
                print(message_of(failed), file=sys.stderr)
                raise SystemExit(code) from None
        raise


def _usage(wrong: Exception) -> str:
    """Return the problem and the command that shows the right use. A group without a command shows its help."""
    message = str(getattr(wrong, "format_message", lambda: wrong)()).strip()
    if message.startswith("Usage:"):
        return message
    context = getattr(wrong, "ctx", None)
    command = context.command_path if context else "fna-batch"
    return _line(f"{' '.join(message.split()).rstrip('.')}: see `{command} --help`.")


def _setting(wrong: Exception) -> str:
    errors = wrong.errors() if isinstance(wrong, ValidationError) else ()
    names = "; ".join(f"FNA_BATCH_{str(e['loc'][0]).upper()}: {e['msg']}" for e in errors if e["loc"])
    return _line(f"A setting is not valid: {names}")


def _line(message: object) -> str:
    return f"fna-batch: {message}"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


LIMITS = "limits by tier are JSON objects, see docs/settings.md"
ENDS: Sequence[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Exception], str], int]] = (
    # The base of all that typer raises for wrong use; typer exports only this subclass.
    (next(base for base in typer.BadParameter.__mro__ if base.__name__ == "UsageError"), _usage, 2),
    ((WrongUse, MissingSecret), _line, 2),
    (ValidationError, _setting, 2),
    (SettingsError, lambda wrong: _line(f"A setting is not valid: {_first_line(wrong)}; {LIMITS}"), 2),
    (UnicodeDecodeError, lambda _: _line("A setting, or the file .env, is not UTF-8."), 2),
    (StorageUnavailable, lambda away: _line(f"{str(away).rstrip('.')}; `fna-batch doctor` says why."), 1),
    ((BadAnswer, ApplicationError, Refusal, EmbeddedPostgresFailed), _line, 1),
    (
        psycopg.Error,
        lambda away: _line(f"The database cannot be used: {_first_line(away)} (`fna-batch doctor` says more)"),
        1,
    ),
    (
        httpx.HTTPError,
        lambda away: _line(
            f"The service cannot be reached: {_first_line(away)} (is `fna-batch serve` running, and is --url right?)"
        ),
        1,
    ),
    (OSError, _line, 1),
)
"""Errors with the line that a command prints on stderr, and its exit code."""
