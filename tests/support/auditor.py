"""An auditor: asks the service over HTTP with the role, and runs the audit commands on its database."""

import subprocess
from typing import Any

import httpx

from application.ports.tokens import Role
from domain.tiers import Tier
from tests.support.command_line import Run
from tests.support.story import Story


class Auditor:
    def __init__(self, story: Story, run: Run) -> None:
        self._story = story
        self._run = run

    def get(self, path: str, **params: Any) -> httpx.Response:
        """Request `/v1/audit/…` from the service that runs now."""
        service = self._story.service
        return service.http(service.token(Tier.BASIC, None, Role.AUDITOR)).get(f"/v1/audit/{path}", params=params)

    def history(self, batch_id: str, **params: Any) -> httpx.Response:
        return self.get(f"batches/{batch_id}", **params)

    def verify(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        return self._run("audit", "verify", *arguments, **settings)

    def sign_checkpoint(self) -> str:
        signed = self._run("audit", "checkpoint")
        assert signed.returncode == 0, signed.stderr
        return signed.stdout

    def export(self) -> list[str]:
        exported = self._run("audit", "export", "-")
        assert exported.returncode == 0, exported.stderr
        return exported.stdout.splitlines()

    def public_keys(self) -> list[str]:
        return [self._run("audit", "key").stdout.strip()]
