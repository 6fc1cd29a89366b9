"""Messages and modals as pictures: HTML that looks like the platform's own rendering of Block Kit.

For people who judge how a card reads, and for browsers that photograph it. Nothing here decides what is valid.
``python -m tests.servers.slackd.preview FILE.json OUT.html [--dark]``.
"""

from tests.servers.slackd.preview.page import render_html, render_view_html

__all__ = ["render_html", "render_view_html"]
