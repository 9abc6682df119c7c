"""Secrets and keys: from the settings, or generated in the data folder and kept there."""

import secrets
from pathlib import Path
from uuid import uuid4

from application.audit.signed_notes import PublicKey
from entrypoints.settings import Settings

SECRET_FILE = "jwt-secret"  # noqa: S105
SIGNING_KEY_FILE = "signing-key"


class MissingSecret(Exception):
    """A service on an external database was given no secret for tokens."""


def jwt_secret(settings: Settings) -> str:
    """Return the secret of the settings; with an embedded database, the one of the data folder.

    Raises MissingSecret.
    """
    if settings.jwt_secret is not None:
        return settings.jwt_secret.get_secret_value()
    if settings.database_url is not None:
        raise MissingSecret(
            "FNA_BATCH_DATABASE_URL is set but FNA_BATCH_JWT_SECRET is not: set it to the secret that the platform "
            "signs its tokens with, at least 32 bytes long."
        )
    return _kept_secret(settings.data_dir.expanduser() / SECRET_FILE)


def signing_seed(settings: Settings) -> bytes:
    """Return the signing key of the settings; without one, the key of the data folder."""
    if settings.signing_key is not None:
        return bytes.fromhex(settings.signing_key.get_secret_value())
    return bytes.fromhex(_kept_secret(settings.data_dir.expanduser() / SIGNING_KEY_FILE))


def trusted_keys(settings: Settings) -> tuple[PublicKey, ...]:
    return tuple(map(PublicKey.parse, settings.trusted_keys))


def _kept_secret(file: Path) -> str:
    try:
        return _generate(file)
    except FileExistsError:
        return file.read_text().strip()


def _generate(file: Path) -> str:
    """Generate a secret in a new file (mode 0600). Raises FileExistsError if the file is there already."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = secrets.token_hex(32)
    temporary = file.with_name(f"{file.name}.{uuid4().hex}")
    try:
        temporary.touch(mode=0o600)
        temporary.write_text(secret + "\n")
        file.hardlink_to(temporary)
    finally:
        temporary.unlink(missing_ok=True)
    return secret
