"""See 0009_acts_that_are_believed.sql."""

from sql.migrations import run

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run("0009_acts_that_are_believed")
