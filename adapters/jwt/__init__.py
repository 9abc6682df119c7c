"""The platform's JSON Web Tokens, issued and verified with PyJWT."""

from adapters.jwt.tokens import JwtTokens

__all__ = ["JwtTokens"]
