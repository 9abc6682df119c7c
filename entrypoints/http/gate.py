"""The gate in front of `/v1`: it checks token, request rate and body size before the body is read."""

import math
import re
import time
from uuid import UUID, uuid4

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from application.log import Metadata
from application.ports.tokens import Identity, InvalidToken, Role, Tokens
from domain.tiers import TierLimits
from entrypoints.http.errors import BodyTooLarge, TooManyRequests
from entrypoints.http.problems import from_error

GUARDED = "/v1/"
UPLOAD = "/v1/reports/upload"
MAX_JSON = 64 * 1024
FORM_OVERHEAD = 64 * 1024
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Gate:
    """Pure ASGI middleware, so that it runs before the framework reads the body. Rates are counted by process."""

    def __init__(self, app: ASGIApp, tokens: Tokens, limits: TierLimits, max_upload: int) -> None:
        self._app, self._tokens, self._limits, self._max_upload = app, tokens, limits, max_upload
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        added = {"X-Request-ID": str(_correlation_id(request.headers))}
        scope.setdefault("state", {})["correlation_id"] = UUID(added["X-Request-ID"])

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(added)
            await send(message)

        if not scope["path"].startswith(GUARDED):
            await self._app(scope, receive, answer)
            return
        try:
            identity = self._identify(request)
            scope["state"]["identity"] = identity
            await self._count(identity, added)
            bounded = self._bounded(request, receive)
        except (InvalidToken, TooManyRequests, BodyTooLarge) as refused:
            await from_error(request, refused)(scope, receive, answer)
            return
        await self._app(scope, bounded, answer)

    def _identify(self, request: Request) -> Identity:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise InvalidToken("Send your access token as `Authorization: Bearer <token>`.")
        return self._tokens.verify(token.strip())

    async def _count(self, identity: Identity, added: dict[str, str]) -> None:
        allowed = self._limits.requests_per_minute[identity.tier]
        item = RateLimitItemPerMinute(allowed)
        granted = await self._limiter.hit(item, str(identity.user_id))
        window = await self._limiter.get_window_stats(item, str(identity.user_id))
        added["X-RateLimit-Limit"] = str(allowed)
        added["X-RateLimit-Remaining"] = str(max(0, window.remaining))
        added["X-RateLimit-Reset"] = str(math.ceil(window.reset_time))
        if not granted:
            raise TooManyRequests(allowed, max(1, math.ceil(window.reset_time - time.time())))

    def _bounded(self, request: Request, receive: Receive) -> Receive:
        """Refuse a body that is declared, or turns out to be, larger than its route accepts."""
        limit = self._max_upload + FORM_OVERHEAD if request.url.path == UPLOAD else MAX_JSON
        declared = request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > limit:
            raise BodyTooLarge(limit)
        received = 0

        async def bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise BodyTooLarge(limit)
            return message

        return bounded


def metadata_of(request: Request) -> Metadata:
    """Return the metadata of the events that the request causes."""
    identity: Identity = request.state.identity
    traceparent = request.headers.get("traceparent", "")
    kind = "operator" if Role.OPERATOR in identity.roles else "user"
    return Metadata(
        actor=f"{kind}:{identity.user_id}",
        correlation_id=request.state.correlation_id,
        traceparent=traceparent if TRACEPARENT.fullmatch(traceparent) else None,
    )


def _correlation_id(headers: Headers) -> UUID:
    try:
        return UUID(headers.get("x-request-id", ""))
    except ValueError:
        return uuid4()
