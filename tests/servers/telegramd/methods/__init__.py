"""The Bot API, one module per family. Importing this package fills the table of methods."""

from tests.servers.telegramd.methods import chats, commands, edits, files, identity, messages, polling

__all__ = ["chats", "commands", "edits", "files", "identity", "messages", "polling"]
