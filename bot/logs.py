"""One loguru set-up: JSON lines on standard error, the standard library's records included, secrets redacted."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from loguru import logger

if TYPE_CHECKING:
    from loguru import Message, Record

LogRow = Callable[[str, str, Mapping[str, Any], datetime], None]
"""Takes level, message, fields and time of one line that belongs to an execution."""

_SECRET = re.compile(r"(?i)(xox[abpr]-|xapp-|sk-ant-|bearer\s+)[\w.:-]{6,}|\d{6,12}:[\w-]{30,}")


def redact(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """Blot out the live secrets given and whatever looks like a token."""
    for secret in secrets:
        text = text.replace(secret, "[redacted]")
    return _SECRET.sub("[redacted]", text)


def set_up_logs(level: str, secrets: frozenset[str] = frozenset()) -> None:
    """Send everything to standard error as JSON; replaces any earlier set-up of this process."""

    def sink(message: Message) -> None:
        sys.stderr.write(redact(_line(message.record), secrets) + "\n")

    logger.remove()
    logger.add(sink, level=level, backtrace=False, diagnose=False)
    logging.basicConfig(handlers=[_Intercept()], level=logging.WARNING, force=True)


def keep_rows(row: LogRow) -> int:
    """Also give lines bound to an execution to ``row``; returns the handle for ``logger.remove``."""

    def sink(message: Message) -> None:
        record = message.record
        if "execution_id" in record["extra"]:
            fields = {key: str(value) for key, value in record["extra"].items()}
            row(record["level"].name, redact(record["message"]), fields, record["time"].astimezone(UTC))

    return logger.add(sink, level="INFO", backtrace=False, diagnose=False)


def _line(record: Record) -> str:
    line: dict[str, Any] = {
        "at": record["time"].astimezone(UTC).isoformat(),
        "level": record["level"].name,
        "event": record["message"],
        **{key: str(value) for key, value in record["extra"].items()},
    }
    exception = record["exception"]
    if exception is not None and exception.type is not None:
        line["error"] = f"{exception.type.__name__}: {exception.value}"
        line["at_line"] = _last_frame(exception.traceback)
    return json.dumps(line, ensure_ascii=False)


def _last_frame(traceback: Any) -> str:
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return "" if traceback is None else f"{traceback.tb_frame.f_code.co_filename}:{traceback.tb_lineno}"


class _Intercept(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        logger.opt(exception=record.exc_info).log(record.levelname, record.getMessage())
