"""Every setting of the service, from the environment (`FNA_BATCH_…`) or from `.env`."""

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
"""Days after which the platform's own DELETE removes rows of finished batches."""
CLOCK_CHANGE = timedelta(hours=3)
"""A margin: those days are in the session's time zone, and a day on which clocks go forward is shorter."""
MIN_SECRET_BYTES = 32
"""The least that HS256 needs."""
SEED_BYTES = 32
"""The size of an Ed25519 seed."""


def _every_tier(by_tier: dict[Tier, int]) -> dict[Tier, int]:
    if missing := [str(tier) for tier in Tier if tier not in by_tier]:
        raise ValueError(f"name a limit for {', '.join(missing)} too")
    return by_tier


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES:
        raise ValueError(f"it is shorter than {MIN_SECRET_BYTES} bytes, take the output of `openssl rand -hex 32`")
    return secret


def _for_libpq(url: str) -> str:
    try:
        conninfo_to_dict(url)
    except ProgrammingError:
        raise ValueError("it is no URL for PostgreSQL such as postgresql://user:password@host/database") from None
    return url


def _is_a_seed(secret: SecretStr) -> SecretStr:
    try:
        seed = bytes.fromhex(secret.get_secret_value())
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        raise ValueError("it is not 64 hex digits, take the output of `openssl rand -hex 32`")
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
    """The defaults are right for one machine."""

    model_config = SettingsConfigDict(
        env_prefix="FNA_BATCH_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database_url: DatabaseUrl | None = Field(
        None,
        description="PostgreSQL 15 or newer, as a libpq URL. Absent: the embedded one in DATA_DIR.",
    )
    data_dir: Path = Field(
        Path("~/.local/share/fna-batch"), description="Folder of the embedded database and of the generated secret."
    )
    postgres_bin: Path | None = Field(
        None,
        description="Folder of the PostgreSQL programs that the embedded database runs, instead of the shipped ones.",
    )
    host: str = Field("127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that `serve` listens on; 0 takes a free one.")
    jwt_secret: Secret | None = Field(
        None,
        description="Shared HS256 secret of at least 32 bytes. Absent, with the embedded database: one is generated.",
    )

    worker_concurrency: PositiveInt = Field(
        50, description="Batches that one worker has in flight; they share its analysing processes, user by user."
    )
    analysis_processes: PositiveInt = Field(2, description="Processes that analyse reports, in one worker.")
    analysis_timeout_s: Seconds = Field(60, description="Seconds that one report's analysis may take.")
    analysis_memory_mb: PositiveInt = Field(1024, ge=512, description="Address space of one analysing process, in MB.")
    max_attempts: PositiveInt = Field(3, description="Starts spent on one report before it fails as ANALYSIS_CRASHED.")
    analyzer_retries: NonNegativeInt = Field(
        6, description="Times that an analyser which cannot be reached is asked again, before an attempt is spent."
    )
    heartbeat_timeout_s: Seconds = Field(
        10, description="Seconds without a heartbeat after which a batch is taken over."
    )
    grace_s: Seconds = Field(30, description="Seconds that running reports get when a worker is stopped.")
    analyzer: Literal["lexicon"] = Field("lexicon", description="Which analyser reads the reports.")
    lexicon_path: Path | None = Field(
        None,
        description="A copy of the Loughran-McDonald master dictionary (CSV) to take single words of tone from.",
    )

    batch_limits: ByTier = Field(dict(DEFAULTS.reports_per_batch), description="Reports a batch, by tier.")
    active_batch_limits: ByTier = Field(
        dict(DEFAULTS.active_batches), description="Unfinished batches at once, by tier."
    )
    rate_limits: ByTier = Field(dict(DEFAULTS.requests_per_minute), description="Requests a minute, by tier.")
    max_upload_bytes: PositiveInt = Field(50 * 1024 * 1024, description="Largest report, in bytes.")
    database_pool_size: PositiveInt = Field(
        20, ge=2, description="Connections that one process keeps at most; a worker listens on one of them."
    )
    database_deadline_s: Seconds = Field(3, description="Seconds that the database may take for one answer.")
    retention_days: PositiveInt = Field(
        30, description="Days that finished batches stay in `batch_jobs`; then workers remove them. The log keeps them."
    )

    signing_key: SigningKey | None = Field(
        None,
        description="Ed25519 seed that signs checkpoints and receipts, 64 hex digits, the same for every process. "
        "Absent: one is generated in DATA_DIR.",
    )
    trusted_keys: tuple[VerifierKey, ...] = Field(
        (), description="Public keys of the past or of others that may have signed checkpoints, as a JSON list."
    )
    log_name: LogName = Field("fna-batch", description="Name of this log in checkpoints and receipts.")
    seal_every_s: Seconds = Field(2, description="Seconds between two checkpoints, while anything happens.")
    verify_every_s: Seconds = Field(60, description="Seconds between two samples that a worker verifies.")
    verify_sample: PositiveInt = Field(50, description="Batches in such a sample.")
    metrics_port: int | None = Field(
        None, ge=0, le=65535, description="Port on which `worker` shows its metrics; `serve` does at /metrics."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")

    @property
    def rows_required_for(self) -> timedelta:
        """How long the audit requires the rows of finished batches: retention or the platform may remove older ones."""
        return timedelta(days=min(self.retention_days, GUIDE_DAYS)) - CLOCK_CHANGE

    @property
    def limits(self) -> TierLimits:
        return TierLimits(
            reports_per_batch=self.batch_limits,
            active_batches=self.active_batch_limits,
            requests_per_minute=self.rate_limits,
        )
