"""Configuration: one frozen model, read from PETITIONS_* variables (and an optional `.env`) when asked, never at import."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "PETITIONS_"


class UnknownSettings(ValueError):
    """A PETITIONS_ variable is set that nobody reads."""


class Settings(BaseSettings):
    """Everything that differs between installations. Rules of the trade live in the city folder, not here."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", frozen=True, extra="ignore")

    home: Path = Field(default=Path(".petitions"), description="State of the local stack: data, logs, secrets, caches.")
    city: Path = Field(default=Path("deploy/city/example"), description="Folder with the city file.")
    rules: Path = Field(default=Path("deploy/rules"), description="Folder with the rules of casework.")
    models: Path | None = Field(default=None, description="Folder of trained models (petitions train); models in `home` otherwise.")

    kafka: str | None = Field(default=None, description="Bootstrap servers; a broker of our own is started otherwise.")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_ca: Path | None = Field(default=None, description="PEM file with the broker's certificate authority.")
    kafka_cert: Path | None = Field(default=None, description="PEM file with our certificate, for mutual TLS.")
    kafka_cert_key: Path | None = None
    kafka_sasl: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_user: str | None = None
    kafka_password: SecretStr | None = None
    kafka_session_seconds: int = Field(
        default=30, ge=6, description="A worker that is not heard of for so long is gone; its partitions go to the others."
    )
    kafka_replication: int = Field(default=1, ge=1, description="Replicas of the topics we create; 3 in production.")

    database: SecretStr | None = Field(default=None, description="PostgreSQL DSN (sslmode and friends in the query).")
    database_pool: int = Field(default=4, ge=1, description="Connections per service process.")

    vault_key: SecretStr | None = Field(default=None, description="Key ring as JSON; or name a file.")
    vault_key_file: Path | None = None

    token_key: SecretStr | None = Field(default=None, description="Key that access tokens are hashed under; or name a file.")
    token_key_file: Path | None = None
    token: SecretStr | None = Field(default=None, description="Access token that commands at the terminal are given with.")

    evidence: str | None = Field(
        default=None, description="Where evidence is kept: a folder, or s3://bucket/prefix (credentials as AWS_… variables)."
    )
    http_host: str = Field(default="127.0.0.1", description="Address the HTTP API and the pages listen on.")
    http_rate: int = Field(default=2000, ge=1, description="Requests of one caller in ten seconds, in each process.")
    http_port: int = Field(default=0, description="Port of the HTTP API and the pages; 0 takes a free one.")

    batch: int = Field(default=500, ge=1, le=2000, description="Records handled in one transaction.")
    retry_seconds: float = Field(default=120.0, gt=0, description="Backing off in place, well below max.poll.interval.")
    dead_letter_ratio: float = Field(default=0.5, gt=0, le=1, description="Stop rather than set aside more than this share.")
    dead_letter_run: int = Field(default=50, ge=1, description="Stop after this many bugs in a row.")
    oidc_issuer: str | None = Field(default=None, description="Address of the OpenID provider people log in with.")
    oidc_client_id: str = "petitions"
    oidc_client_secret: SecretStr | None = None
    oidc_claim: str = Field(default="preferred_username", description="Claim that holds the id of the principal.")
    console_url: str | None = Field(default=None, description="Address people reach the console at; https makes cookies secure.")
    public_page: bool = Field(default=False, description="Show what was released for the public at /public.")
    probe_port: int | None = Field(default=None, description="Health and metrics of this process; none when unset.")
    probe_host: str = Field(default="127.0.0.1", description="Where probes listen; 0.0.0.0 in a container.")
    log_level: str = "INFO"
    log_format: Literal["json", "console"] = "json"

    @property
    def models_kept(self) -> Path:
        """Where trained models are kept and the ones in force are found; nothing in it means the shipped ones."""
        return self.models or self.home / "models"


def load() -> Settings:
    """Read the settings; raises `UnknownSettings` naming the variables nobody reads (a misspelt one must not pass)."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields} | {f"{PREFIX}DATA"}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise UnknownSettings(f"unknown settings {', '.join(unknown)}: unset them or correct the name (see README, Configuration)")
    return Settings()


@cache
def repository_root() -> Path:
    """The folder that holds `services/`."""
    return Path(__file__).resolve().parents[2]
