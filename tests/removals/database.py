"""Removals of the guarantees about connections to a database that is slow or away."""

from tests.removals.removal import Removal

POOL = "adapters/postgres/pool.py"
BOUNDS = "tests/http/test_bounds.py::"

REMOVALS = (
    Removal(
        "A request never hangs on an unresponsive database",
        POOL,
        "            return await super().wait(gen, interval, self.deadline if timeout is None else timeout)\n",
        "            return await super().wait(gen, interval, timeout)\n",
        "tests/http/test_database_outages.py::test_a_frozen_database_is_answered_with_503_within_the_deadline",
    ),
    Removal(
        "The database ends statements and idle transactions that last too long",
        "sql/queries/bound_session.sql",
        "set_config('statement_timeout', %(statement)s, false)",
        "set_config('statement_timeout', coalesce('0', %(statement)s), false)",
        BOUNDS + "test_a_lock_that_is_never_released_delays_only_its_own_user",
    ),
    Removal(
        "The database ends statements and idle transactions that last too long",
        "sql/queries/bound_session.sql",
        "set_config('idle_in_transaction_session_timeout', %(idle)s, false)",
        "set_config('idle_in_transaction_session_timeout', coalesce('0', %(idle)s), false)",
        BOUNDS + "test_a_transaction_that_stays_idle_is_ended_by_the_server",
    ),
    Removal(
        "A process opens no more connections than configured",
        POOL,
        "        max_size=size,\n",
        "        max_size=10 * size,\n",
        BOUNDS + "test_more_requests_than_connections_wait_and_succeed",
    ),
)
