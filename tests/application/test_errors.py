"""The errors of the application."""

import pickle

import pytest

from application.errors import ReportUnreadable
from domain.failures import FailureCode


@pytest.mark.parametrize("code", FailureCode)
def test_a_failure_keeps_its_code_and_message_across_processes(code: FailureCode) -> None:
    raised = ReportUnreadable(code)
    received = pickle.loads(pickle.dumps(raised))
    assert (type(received), received.code, str(received)) == (ReportUnreadable, code, str(raised))
