"""The actor and the reason of an operation: every operator action is recorded with both."""

import getpass
import re
from typing import Annotated

import typer

from application.operator_actions import Attribution
from domain.reasons import REASON, RULE
from entrypoints.cli.output import WrongUse

Reason = Annotated[str, typer.Option(help="Why; at most 200 characters. The log keeps it for ever.")]
Actor = Annotated[str | None, typer.Option(help="Who acts, as the record names them. [default: the login name]")]
NAME = re.compile(r"[A-Za-z0-9._-]{1,50}")


def attribution(reason: str, actor: str | None) -> Attribution:
    """Return who acts and why. Raises WrongUse if the database would refuse them."""
    if not re.fullmatch(REASON, reason):
        raise WrongUse(f"{RULE}.")
    name = actor or _login_name()
    if not NAME.fullmatch(name):
        raise WrongUse("An actor's name consists of letters, digits, dots, dashes and underscores: use --actor.")
    return Attribution(actor=f"operator:{name}", reason=reason)


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise WrongUse("The current user has no login name: name the actor with --actor.") from None
