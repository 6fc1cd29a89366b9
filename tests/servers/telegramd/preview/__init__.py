"""Messages as pictures: HTML that looks like Telegram's own chat, for people who judge how a message reads.

Nothing here decides what is valid. ``python -m tests.servers.telegramd.preview FILE.json OUT.html [--dark]``.
"""

from tests.servers.telegramd.preview.page import render_chat

__all__ = ["render_chat"]
