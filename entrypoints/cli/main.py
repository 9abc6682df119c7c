"""All commands, and what becomes of their errors: one line on stderr. Exit 0 done, 1 a bad answer, 2 wrong use."""

import logging
import sys
from importlib.metadata import version
from typing import Annotated

import httpx
import psycopg
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from application.errors import ApplicationError
from domain.refusals import Refusal
from entrypoints.cli import analyze, audit, client, demo, doctor, evidence, mend, operate
from entrypoints.cli.output import BadAnswer, WrongUse
from entrypoints.container import EmbeddedPostgresFailed, MissingSecret

app = typer.Typer(
    name="fna-batch",
    help="Batches of financial reports: analysed in the background, provable afterwards.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (demo, operate, client, mend, analyze, doctor):
    module.register(app)
evidence.register(audit.app)
app.add_typer(audit.app, name="audit")


def _version(asked: bool) -> None:
    if asked:
        print(f"fna-batch {version('fna-batch')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version.")] = False,
) -> None:
    """Batches of financial reports: analysed in the background, provable afterwards."""


def run() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    logging.getLogger("psycopg").setLevel("ERROR")
    try:
        app(standalone_mode=True)
    except (WrongUse, MissingSecret) as wrong:
        _end(str(wrong), 2)
    except ValidationError as wrong:
        names = "; ".join(f"FNA_BATCH_{str(e['loc'][0]).upper()}: {e['msg']}" for e in wrong.errors() if e["loc"])
        _end(f"A setting is not valid: {names}", 2)
    except SettingsError as wrong:
        _end(f"A setting is not valid: {_first_line(wrong)}; limits by tier are JSON objects, see docs/settings.md", 2)
    except UnicodeDecodeError as wrong:
        _end(f"A setting, or the file .env, is not UTF-8: {wrong.reason}", 2)
    except (BadAnswer, ApplicationError, Refusal, EmbeddedPostgresFailed) as bad:
        _end(str(bad), 1)
    except psycopg.Error as away:
        _end(f"The database cannot be used: {_first_line(away)} (`fna-batch doctor` says more)", 1)
    except httpx.HTTPError as away:
        _end(f"The service cannot be reached: {_first_line(away)} (is `fna-batch serve` running, is --url right?)", 1)
    except OSError as failed:
        _end(str(failed), 1)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _end(message: str, code: int) -> None:
    print(f"fna-batch: {message}", file=sys.stderr)
    raise SystemExit(code)
