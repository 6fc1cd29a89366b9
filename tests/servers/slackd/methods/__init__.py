"""The Web API, one module per family. Importing this package fills the table of methods."""

from tests.servers.slackd.methods import (
    agents,
    chat,
    conversations,
    files,
    identity,
    manifests,
    reactions,
    streams,
    users,
    views,
)

__all__ = [
    "agents",
    "chat",
    "conversations",
    "files",
    "identity",
    "manifests",
    "reactions",
    "streams",
    "users",
    "views",
]
