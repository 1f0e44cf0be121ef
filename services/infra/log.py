"""Structured logs: one line an outcome, a stable word first, ids as fields; never a record's content.

Lines of libraries pass through the same door; of their exceptions only type and place are kept, since a database
error quotes the row and a validation error may quote the input.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from services.infra.failures import describe


def _only_describe(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    failure = event.pop("exc_info", None)
    if failure is True:
        failure = sys.exc_info()[1]
    if isinstance(failure, tuple):
        failure = failure[1]
    if isinstance(failure, BaseException):
        event["failure"] = describe(failure)
    return event


def _library_word(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record: logging.LogRecord | None = event.get("_record")
    if record is not None:
        # The template, not the message: a library's arguments may hold what must not be logged.
        event["event"] = record.msg if isinstance(record.msg, str) and record.args else str(record.msg)[:200].split("\n")[0]
        if record.exc_info and record.exc_info[1] is not None:
            event["event"] = "library_failure"
            event["failure"] = describe(record.exc_info[1])
        event["library"] = record.name
    return event


def configure(service: str, *, level: str = "INFO", format: Literal["json", "console"] = "json") -> None:
    """Set up logging of this process to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _only_describe,
    ]
    final = structlog.processors.JSONRenderer(ensure_ascii=False) if format == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True), _library_word],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, final],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("aiokafka", "kafka", "petitions.kafka", "asyncio", "yoyo", "httpx"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))
    # It warns at every start that topics are not made by themselves, which is meant.
    logging.getLogger("petitions.kafka").setLevel(logging.ERROR)
    # Its errors during a broker's absence repeat every few milliseconds and name nothing that lag does not show.
    logging.getLogger("aiokafka.consumer.group_coordinator").setLevel(logging.CRITICAL)
    structlog.contextvars.bind_contextvars(process=service)
