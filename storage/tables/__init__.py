"""The schema, one module per aggregate. Importing this package registers every table on ``metadata``."""

from storage.tables import approvals, chat, effects, events, executions, people, spend, telemetry
from storage.tables.metadata import metadata

__all__ = ["approvals", "chat", "effects", "events", "executions", "metadata", "people", "spend", "telemetry"]
