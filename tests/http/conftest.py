"""A client of the shared service."""

import pytest

from tests.support.running_service import Client, Service


@pytest.fixture
def client(service: Service) -> Client:
    return service.client()
