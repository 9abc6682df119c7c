"""See 0008_sealed_is_taken.sql."""

from sql.migrations import run

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run("0008_sealed_is_taken")
