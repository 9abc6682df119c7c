"""Who acts from the command line, and why: every act is recorded with both."""

import getpass
import re
from typing import Annotated

import typer

from application.operator_actions import Attribution
from domain.reasons import REASON, RULE
from entrypoints.cli.output import WrongUse

Reason = Annotated[str, typer.Option(help="Why; recorded for ever, at most 200 characters.")]
Actor = Annotated[str | None, typer.Option(help="Who acts, as the record shall name them; by default the login name.")]
NAME = re.compile(r"[A-Za-z0-9._-]{1,50}")


def why(reason: str, actor: str | None) -> Attribution:
    """Raises WrongUse where the record would refuse them."""
    if not re.fullmatch(REASON, reason):
        raise WrongUse(f"{RULE}.")
    name = actor or _login()
    if not NAME.fullmatch(name):
        raise WrongUse("An actor is named by letters, digits, dots, dashes and underscores: use --actor.")
    return Attribution(actor=f"operator:{name}", reason=reason)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise WrongUse("This user has no login name here: say who acts with --actor.") from None
