"""The floor's statements, and the one thread that writes: group commit, synchronous=FULL, nothing conditional."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

Rows = list[tuple[str, list[tuple[Any, ...]]]]
"""Statements, each with the parameters of one or more rows."""

EXECUTION = """INSERT INTO executions (id, tenant_id, user_id, conversation_id, request_key, request, locale, timezone,
    dry_run, status, outcome, created_at, updated_at, plan_version, epoch, fence, paused, cancelled, error, result)
    VALUES (?, 'local', 'owner', 'local', NULL, 'bench', 'en', 'Asia/Jerusalem', 0, 'planning', NULL, ?, ?, 0, 0, 0, 0, 0,
    NULL, NULL)"""
PLANNED = "UPDATE executions SET status = ?, updated_at = ?, plan_version = 1, epoch = 1, fence = ? WHERE id = ?"
MOVED = "UPDATE executions SET status = ?, updated_at = ? WHERE id = ?"
ANSWERED = "UPDATE executions SET status = 'running', updated_at = ?, epoch = epoch + 1, fence = ? WHERE id = ?"
ENDED = "UPDATE executions SET status = 'done', outcome = 'succeeded', updated_at = ?, result = ? WHERE id = ?"
PLAN = "INSERT INTO plans (execution_id, version, schema, body) VALUES (?, 1, 1, ?)"
STEP = """INSERT INTO execution_steps (execution_id, step_id, plan_version, superseded, agent, effect, argument_hash, status,
    outcome, attempts, retry_at, started_at, finished_at, cached, error, checkpoint)
    VALUES (?, ?, 1, NULL, ?, 'read', ?, ?, NULL, ?, NULL, ?, NULL, 0, NULL, NULL)"""
CLAIM = """UPDATE execution_steps SET status = 'running', attempts = ?, started_at = ?
    WHERE execution_id = ? AND step_id = ?"""
ATTEMPT = "INSERT INTO attempts (execution_id, step_id, number, fence, started_at) VALUES (?, ?, ?, ?, ?)"
SETTLE = """UPDATE execution_steps SET status = 'done', outcome = 'succeeded', finished_at = ?
    WHERE execution_id = ? AND step_id = ?"""
PARK = "UPDATE execution_steps SET status = 'waiting' WHERE execution_id = ? AND step_id = ?"
ARTIFACT = """INSERT INTO shared_context (execution_id, name, kind, value, integrity, readers, written_at)
    VALUES (?, ?, 'agenda', ?, 2, '["tenant"]', ?)"""
EVENT = "INSERT INTO events (execution_id, seq, type, at, payload) VALUES (?, ?, ?, ?, ?)"
APPROVAL = """INSERT INTO pending_approvals (id, tenant_id, execution_id, step_id, plan_version, kind, status, call_hash, body,
    created_at, expires_at, decided_at, decided_by)
    VALUES (?, 'local', ?, 'p', 1, 'gate', 'pending', ?, ?, ?, ?, NULL, NULL)"""
DECIDE = """UPDATE pending_approvals SET status = 'approved', body = ?, decided_at = ?, decided_by = 'owner'
    WHERE id = ? AND status = 'pending'"""
DUE = "INSERT INTO due (execution_id, approval_id, kind, at, claimed) VALUES (?, ?, ?, ?, 0)"
INTENT = """INSERT INTO intents (key, execution_id, step_id, tool, effect, call_hash, fence, status, result, started_at,
    finished_at, title) VALUES (?, ?, 'p', 'publish', 'keyed', ?, ?, 'started', NULL, ?, NULL, 'p')"""
COMPLETE = "UPDATE intents SET status = 'done', result = ?, finished_at = ? WHERE key = ?"


class Writer:
    """Whatever is queued while a transaction is flushed joins the next one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[tuple[Rows, asyncio.Future[None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="floor-writer")
        self._thread.start()

    async def commit(self, rows: Rows) -> None:
        """Durable when it returns."""
        future = self._loop.create_future()
        self._queue.put((rows, future))
        await future

    def close(self) -> None:
        """End the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        while batch := self._drain():
            connection.execute("BEGIN IMMEDIATE")
            for sql, parameters in _merged([rows for rows, _ in batch]):
                connection.executemany(sql, parameters)
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_resolve, [future for _, future in batch])
        connection.close()

    def _drain(self) -> list[tuple[Rows, asyncio.Future[None]]]:
        """Wait for one unit and take whatever else is there; nothing once it is closed."""
        unit = self._queue.get()
        batch: list[tuple[Rows, asyncio.Future[None]]] = []
        while unit is not None:
            batch.append(unit)
            if self._queue.empty():
                break
            unit = self._queue.get()
        return batch


def _merged(units: Sequence[Rows]) -> Iterable[tuple[str, list[tuple[Any, ...]]]]:
    """The rows of several units by statement. Units of one batch never touch the same row: each waits for its own
    commit before it goes on."""
    if len(units) == 1:
        return units[0]
    merged: dict[str, list[tuple[Any, ...]]] = {}
    for rows in units:
        for sql, parameters in rows:
            merged.setdefault(sql, []).extend(parameters)
    return merged.items()


def _resolve(futures: Iterable[asyncio.Future[None]]) -> None:
    for future in futures:
        future.set_result(None)


def stamp(moment: datetime | None = None) -> str:
    """An instant, this one unless given, as the product stores it."""
    return f"{(moment or datetime.now(UTC)).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
