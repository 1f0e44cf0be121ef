"""Login by any OpenID provider: authorization code with PKCE (Authlib), ID token checked against the provider's keys.

State, nonce and verifier wait in PostgreSQL and are used once, so that any instance can take the answer.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from authlib.common.security import generate_token  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.console.security import digest_of
from services.infra.postgres import Pool

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Authlib names a successor of httpx that nobody else uses yet
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

REMEMBER = "INSERT INTO console.oidc_requests (state, nonce, verifier, next, expires_at) VALUES ($1, $2, $3, $4, $5)"
TAKE = "DELETE FROM console.oidc_requests WHERE state = $1 AND expires_at > $2 RETURNING nonce, verifier, next"
PURGE = "DELETE FROM console.oidc_requests WHERE expires_at < $1"
PATIENCE = 10.0
MINUTES = 10
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY_SECONDS = 60


class LoginFailed(Exception):
    """The provider's answer proves nobody; the message is for the log, never with a token in it."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider as configured."""

    issuer: str
    client_id: str
    client_secret: str | None
    claim: str

    async def authorize(self, pool: Pool, redirect_uri: str, next_path: str, now: datetime) -> str:
        """Where to send the browser; raises `LoginFailed` where the provider does not answer."""
        metadata = await self._metadata()
        state, nonce, verifier = generate_token(32), generate_token(32), generate_token(64)
        await pool.execute(PURGE, now)
        await pool.execute(REMEMBER, digest_of(state), nonce, verifier, next_path, now + timedelta(minutes=MINUTES))
        async with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, nonce=nonce, code_challenge_method="S256",
                code_challenge=create_s256_code_challenge(verifier),
            )  # fmt: skip
        return str(url)

    async def finish(self, pool: Pool, redirect_uri: str, state: str, code: str, now: datetime) -> tuple[str, str]:
        """(principal id, path to go on to) of the provider's answer; raises `LoginFailed`."""
        waiting = await pool.fetchrow(TAKE, digest_of(state), now)
        if waiting is None:
            raise LoginFailed("unknown, used or expired state")
        metadata = await self._metadata()
        try:
            async with self._client(redirect_uri) as client:
                token = await client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=waiting["verifier"])
                keys = (await client.request("GET", metadata["jwks_uri"], withhold_token=True)).json()
        except Exception as failure:
            raise LoginFailed(f"the provider refused the code ({type(failure).__name__})") from None
        claims = self._claims(str(token.get("id_token", "")), keys, waiting["nonce"], now)
        principal = claims.get(self.claim) or claims.get("sub")
        if not isinstance(principal, str) or not principal:
            raise LoginFailed(f"the ID token has no {self.claim}")
        return principal, waiting["next"]

    def _claims(self, raw: str, keys: dict[str, Any], nonce: str, now: datetime) -> dict[str, Any]:
        try:
            claims = jwt.decode(raw, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
            audience = claims.get("aud")
            if claims.get("iss", "").rstrip("/") != self.issuer.rstrip("/"):
                raise LoginFailed("the ID token is of another issuer")
            if self.client_id not in (audience if isinstance(audience, list) else [audience]):
                raise LoginFailed("the ID token is for another client")
            if claims.get("nonce") != nonce:
                raise LoginFailed("the ID token answers another request")
            if float(claims["exp"]) + LEEWAY_SECONDS < now.timestamp():
                raise LoginFailed("the ID token has expired")
        except (JoseError, ValueError, KeyError, TypeError) as failure:
            raise LoginFailed(f"the ID token is not sound ({type(failure).__name__})") from None
        return dict(claims)

    async def _metadata(self) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
                answer = await client.get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                answer.raise_for_status()
                found: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as failure:
            raise LoginFailed(f"the provider does not answer ({type(failure).__name__})") from None
        return found

    def _client(self, redirect_uri: str) -> Any:
        method = "client_secret_basic" if self.client_secret else "none"
        return AsyncOAuth2Client(
            self.client_id, self.client_secret, scope="openid profile", redirect_uri=redirect_uri,
            token_endpoint_auth_method=method, timeout=PATIENCE, trust_env=False,
        )  # fmt: skip
