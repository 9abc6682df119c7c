"""What routes need, read from the application's own container."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from application.log import Metadata
from application.ports.tokens import Identity, Role
from application.queries import Queries
from application.submit import Asker as ActingFor
from application.submit import SubmitBatch
from application.upload import UploadReport
from entrypoints.container import Container
from entrypoints.http.gate import metadata_of
from entrypoints.http.problems import RoleMissing

bearer = HTTPBearer(auto_error=False, description="An access token of the platform, or of `fna-batch token`.")


def container(request: Request) -> Container:
    found: Container = request.app.state.container
    return found


def identity(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
) -> Identity:
    """Who asks; the gate has verified the token already."""
    verified: Identity = request.state.identity
    return verified


def auditor(asker: Annotated[Identity, Depends(identity)]) -> Identity:
    """Raises RoleMissing."""
    if Role.AUDITOR not in asker.roles:
        raise RoleMissing(Role.AUDITOR)
    return asker


def acting(asker: Annotated[Identity, Depends(identity)]) -> ActingFor:
    """An operator acts on anybody's batches, everybody else on their own."""
    if Role.OPERATOR in asker.roles:
        return ActingFor(user_id=None, tier=None, key_owner=asker.user_id)
    return ActingFor(user_id=asker.user_id, tier=asker.tier)


def submit(own: Annotated[Container, Depends(container)]) -> SubmitBatch:
    return own.submit()


def queries(own: Annotated[Container, Depends(container)]) -> Queries:
    return own.queries()


def upload(own: Annotated[Container, Depends(container)]) -> UploadReport:
    return own.upload()


Own = Annotated[Container, Depends(container)]
Acting = Annotated[ActingFor, Depends(acting)]
Asker = Annotated[Identity, Depends(identity)]
Asked = Annotated[Metadata, Depends(metadata_of)]
Submit = Annotated[SubmitBatch, Depends(submit)]
Query = Annotated[Queries, Depends(queries)]
Upload = Annotated[UploadReport, Depends(upload)]
