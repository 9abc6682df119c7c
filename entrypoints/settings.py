"""Every setting of the service, read from the environment (`FNA_BATCH_…`) or from `.env`."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from application.audit.signed_notes import InvalidNote, PublicKey
from domain.tiers import Tier, TierLimits

DEFAULTS = TierLimits()
GUIDE_DAYS = 30
"""Days after which the platform's own DELETE may remove the rows of finished batches."""
CLOCK_CHANGE = timedelta(hours=3)
"""A margin: the platform counts days in its session's time zone, and the day on which clocks go forward is shorter."""
MIN_SECRET_BYTES = 32
"""The minimum for HS256."""
SEED_BYTES = 32
"""The size of an Ed25519 seed."""


def _every_tier(by_tier: dict[Tier, int]) -> dict[Tier, int]:
    if missing := [str(tier) for tier in Tier if tier not in by_tier]:
        raise ValueError(f"it has no limit for {', '.join(missing)}: name every tier")
    return by_tier


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES:
        raise ValueError(f"it is shorter than {MIN_SECRET_BYTES} bytes: use the output of `openssl rand -hex 32`")
    return secret


def _for_libpq(url: str) -> str:
    try:
        conninfo_to_dict(url)
    except ProgrammingError:
        raise ValueError("it is not a PostgreSQL URL such as postgresql://user:password@host/database") from None
    return url


def _is_a_seed(secret: SecretStr) -> SecretStr:
    try:
        seed = bytes.fromhex(secret.get_secret_value())
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        raise ValueError("it is not 64 hex digits: use the output of `openssl rand -hex 32`")
    return secret


def _is_a_key(text: str) -> str:
    try:
        return str(PublicKey.parse(text))
    except InvalidNote as wrong:
        raise ValueError(str(wrong)) from None


SigningKey = Annotated[SecretStr, AfterValidator(_is_a_seed)]
VerifierKey = Annotated[str, AfterValidator(_is_a_key)]
LogName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]{1,100}$")]
DatabaseUrl = Annotated[str, AfterValidator(_for_libpq)]
Secret = Annotated[SecretStr, AfterValidator(_long_enough)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
ByTier = Annotated[dict[Tier, PositiveInt], AfterValidator(_every_tier)]


class Settings(BaseSettings):
    """The settings of one process. The defaults suit a single machine."""

    model_config = SettingsConfigDict(
        env_prefix="FNA_BATCH_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database_url: DatabaseUrl | None = Field(
        None,
        description="URL of a PostgreSQL 15 to 18. If not set, the service runs the embedded one in `DATA_DIR`.",
    )
    data_dir: Path = Field(
        Path("~/.local/share/fna-batch"),
        description="Folder of the embedded database, generated secrets, and this machine's latest signed checkpoint.",
    )
    postgres_bin: Path | None = Field(
        None,
        description="Folder of the PostgreSQL programs for the embedded database, instead of the packaged ones.",
    )
    host: str = Field("127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that `serve` listens on; 0 takes a free one.")
    jwt_secret: Secret | None = Field(
        None,
        description="HS256 secret shared with the platform, at least 32 bytes. Required with `DATABASE_URL`; "
        "otherwise, if not set, one is generated in `DATA_DIR`.",
    )

    worker_concurrency: PositiveInt = Field(
        50, description="Batches that one worker holds at once. They share its analysing processes, user by user."
    )
    analysis_processes: PositiveInt = Field(2, description="Processes in one worker that analyse reports.")
    analysis_timeout_s: Seconds = Field(60, description="Seconds after which the analysis of one report is stopped.")
    analysis_memory_mb: PositiveInt = Field(
        1024, ge=512, description="Address space of one analysing process, in MB; at least 512."
    )
    max_attempts: PositiveInt = Field(
        3, description="Attempts to analyse one report before it fails as `ANALYSIS_CRASHED`."
    )
    analyzer_retries: NonNegativeInt = Field(
        6, description="Retries of an analyser that cannot be reached, before that counts as an attempt."
    )
    heartbeat_timeout_s: Seconds = Field(
        10, description="Seconds without a heartbeat after which another worker takes a batch over."
    )
    grace_s: Seconds = Field(30, description="Seconds that reports in analysis get to finish when a worker is stopped.")
    analyzer: Literal["lexicon"] = Field("lexicon", description="Name of the analyser.")
    lexicon_path: Path | None = Field(
        None,
        description="Loughran-McDonald master dictionary (a CSV file) that replaces the built-in single words of tone.",
    )

    batch_limits: ByTier = Field(dict(DEFAULTS.reports_per_batch), description="Reports allowed in one batch, by tier.")
    active_batch_limits: ByTier = Field(
        dict(DEFAULTS.active_batches), description="Unfinished batches that a user may have at once, by tier."
    )
    rate_limits: ByTier = Field(
        dict(DEFAULTS.requests_per_minute),
        description="Requests per minute and user, by tier; each API process counts on its own.",
    )
    max_upload_bytes: PositiveInt = Field(50 * 1024 * 1024, description="Size of the largest report, in bytes.")
    database_pool_size: PositiveInt = Field(
        20, ge=2, description="Connections in the pool of one process, at most; a worker listens on one of them."
    )
    database_deadline_s: Seconds = Field(
        3, description="Seconds that the service waits for one answer of the database."
    )
    retention_days: PositiveInt = Field(
        30, description="Days after which workers remove finished batches from `batch_jobs`. The log keeps them."
    )

    signing_key: SigningKey | None = Field(
        None,
        description="Ed25519 seed that signs checkpoints and receipts, as 64 hex digits; the same for every process. "
        "If not set, one is generated in `DATA_DIR`.",
    )
    trusted_keys: tuple[VerifierKey, ...] = Field(
        (),
        description="Public keys other than the current one whose signatures count, such as earlier keys; a JSON list.",
    )
    log_name: LogName = Field("fna-batch", description="Name of this log in checkpoints and receipts.")
    seal_every_s: Seconds = Field(2, description="Seconds between two attempts to seal what is new in the log.")
    verify_every_s: Seconds = Field(60, description="Seconds between two samples that a worker verifies.")
    verify_sample: PositiveInt = Field(50, description="Batches in one sample.")
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port on which `worker` serves its metrics. If not set, it serves none; `serve` has `/metrics`.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Lowest level that is logged: `DEBUG`, `INFO`, `WARNING` or `ERROR`."
    )

    @property
    def rows_required_for(self) -> timedelta:
        """The age up to which the audit requires the rows of finished batches; older ones may have been removed."""
        return timedelta(days=min(self.retention_days, GUIDE_DAYS)) - CLOCK_CHANGE

    @property
    def limits(self) -> TierLimits:
        return TierLimits(
            reports_per_batch=self.batch_limits,
            active_batches=self.active_batch_limits,
            requests_per_minute=self.rate_limits,
        )
