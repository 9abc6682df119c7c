"""The errors that the HTTP layer itself raises.

RequestRefused
├── TooManyRequests    .seconds until the next request is allowed
└── RoleMissing        the token lacks a role
HTTPException (Starlette's, so that it passes through the framework's body parsing)
└── BodyTooLarge
"""

from starlette.exceptions import HTTPException

from application.ports.tokens import Role


class RequestRefused(Exception):
    """A request that is refused before any use case runs."""


class TooManyRequests(RequestRefused):
    def __init__(self, limit: int, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"Your tier allows {limit} requests per minute: try again in {seconds} s.")


class RoleMissing(RequestRefused):
    def __init__(self, role: Role) -> None:
        super().__init__(f"This needs a token with the role {role}: ask the operator of the platform for one.")


class BodyTooLarge(HTTPException):
    def __init__(self, limit: int) -> None:
        super().__init__(413, f"The request is larger than the {limit} bytes that this route accepts.")
