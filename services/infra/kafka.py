"""The broker with every default that would lose data overridden, in one place.

FastStream's defaults commit before handling, create topics by themselves, re-read a failed record without pause, answer
to a `reply_to` header, and log payloads in validation errors; see each argument below.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.helpers import create_ssl_context
from fast_depends.pydantic import PydanticSerializer
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from contracts.topics import Topic
from services.infra.records import Record, from_batch
from services.infra.settings import Settings

Handler = Callable[[list[Record]], Awaitable[None]]


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """The TLS context the settings describe, or None for a plain-text connection."""
    if not settings.kafka_security.endswith("SSL"):
        return None
    context: ssl.SSLContext = create_ssl_context(
        cafile=str(settings.kafka_ca) if settings.kafka_ca else None,
        certfile=str(settings.kafka_cert) if settings.kafka_cert else None,
        keyfile=str(settings.kafka_cert_key) if settings.kafka_cert_key else None,
    )
    return context


def client_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for a bare aiokafka client (producer, consumer, admin)."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka,
        "security_protocol": settings.kafka_security,
        "ssl_context": tls_context(settings),
    }
    if settings.kafka_security.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.kafka_sasl,
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": settings.kafka_password.get_secret_value() if settings.kafka_password else None,
        }
    return options


def security(settings: Settings) -> BaseSecurity:
    """The same for FastStream."""
    context = tls_context(settings)
    use_ssl = context is not None
    if not settings.kafka_security.startswith("SASL"):
        return BaseSecurity(ssl_context=context, use_ssl=use_ssl)
    kind = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}[settings.kafka_sasl]
    password = settings.kafka_password.get_secret_value() if settings.kafka_password else ""
    return kind(settings.kafka_user or "", password, ssl_context=context, use_ssl=use_ssl)


def make_broker(settings: Settings, *, client_id: str) -> KafkaBroker:
    """A broker that acknowledges only after a handler returned, and holds the partition when it raised."""
    return KafkaBroker(
        (settings.kafka or "").split(","),
        client_id=client_id,
        security=security(settings),
        ack_policy=AckPolicy.NACK_ON_ERROR,
        acks="all",
        enable_idempotence=True,
        allow_auto_create_topics=False,
        graceful_timeout=8.0,
        logger=logging.getLogger("petitions.kafka"),
        log_level=logging.DEBUG,
        serializer=PydanticSerializer(pydantic_config={"hide_input_in_errors": True}, use_fastdepends_errors=False),
    )


async def _values(message: Any) -> list[bytes]:
    """Decoder of a batch: the bytes as they came; nothing here can fail."""
    return [raw.value or b"" for raw in message.raw_message]


async def _lenient_headers(raw: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """Parser: a header that is not UTF-8 would make FastStream skip its whole batch without an error."""
    for record in raw if isinstance(raw, tuple) else (raw,):
        clean = tuple((name, (value or b"").decode("utf-8", "replace").encode()) for name, value in record.headers)
        object.__setattr__(record, "headers", clean)
    return await original(raw)


def subscribe(
    broker: KafkaBroker,
    topics: Sequence[Topic],
    group: str,
    handler: Handler,
    *,
    max_records: int,
    session_seconds: int = 30,
    listener: ConsumerRebalanceListener | None = None,
) -> None:
    """Hand batches of raw records of `topics` to `handler`, at least once each.

    Batches carry bytes, not models: one record that does not parse must not keep its neighbours from being handled.
    """

    @broker.subscriber(
        *(topic.name for topic in topics),
        group_id=group,
        batch=True,
        max_records=max_records,
        batch_timeout_ms=100,
        fetch_max_wait_ms=50,
        decoder=_values,
        parser=_lenient_headers,
        auto_offset_reset="earliest",
        no_reply=True,
        session_timeout_ms=session_seconds * 1000,
        heartbeat_interval_ms=session_seconds * 100,
        max_partition_fetch_bytes=1024 * 1024,
        listener=listener,
    )
    async def on_batch(values: list[bytes], message: KafkaMessage) -> None:
        raws = message.raw_message
        await handler(from_batch(raws if isinstance(raws, (tuple, list)) else [raws]))
