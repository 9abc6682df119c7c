"""The dependencies of routes, read from the application's own container."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from application.asker import Asker
from application.audit.verification import Verification
from application.log import Metadata
from application.ports.tokens import Identity, Role
from application.queries import Queries
from application.submit import SubmitBatch
from application.upload import UploadReport
from entrypoints.container import Container
from entrypoints.http.errors import RoleMissing
from entrypoints.http.gate import metadata_of

bearer = HTTPBearer(auto_error=False, description="An access token of the platform, or of `fna-batch token`.")


def container(request: Request) -> Container:
    of_application: Container = request.app.state.container
    return of_application


def caller(request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]) -> Identity:
    """Return the client's identity; the gate has verified the token."""
    verified: Identity = request.state.identity
    return verified


def auditor(identity: Annotated[Identity, Depends(caller)]) -> Identity:
    """Require the role `auditor`. Raises RoleMissing."""
    if Role.AUDITOR not in identity.roles:
        raise RoleMissing(Role.AUDITOR)
    return identity


def asker(identity: Annotated[Identity, Depends(caller)]) -> Asker:
    """Let an operator act on every batch, other clients on their own."""
    if Role.OPERATOR in identity.roles:
        return Asker(user_id=None, tier=None, key_owner=identity.user_id)
    return Asker(user_id=identity.user_id, tier=identity.tier)


def submit(of_application: Annotated[Container, Depends(container)]) -> SubmitBatch:
    return of_application.submit()


def queries(of_application: Annotated[Container, Depends(container)]) -> Queries:
    return of_application.queries()


def upload(of_application: Annotated[Container, Depends(container)]) -> UploadReport:
    return of_application.upload()


def verification(of_application: Annotated[Container, Depends(container)]) -> Verification:
    return of_application.verification()


App = Annotated[Container, Depends(container)]
Caller = Annotated[Identity, Depends(caller)]
ActingFor = Annotated[Asker, Depends(asker)]
RequestMetadata = Annotated[Metadata, Depends(metadata_of)]
Submit = Annotated[SubmitBatch, Depends(submit)]
Query = Annotated[Queries, Depends(queries)]
Upload = Annotated[UploadReport, Depends(upload)]
Verify = Annotated[Verification, Depends(verification)]
