"""The platform's JSON Web Tokens, by PyJWT."""

from adapters.jwt.tokens import JwtTokens

__all__ = ["JwtTokens"]
