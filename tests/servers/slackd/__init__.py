"""A strict local Slack, driven only over the wire: ``async with serve_slackd(SlackdOptions(...)) as slack``.

It knows nothing of the product. Strict where Slack is known to refuse; these parts are assumptions, not facts: a burst of
one minute's calls (four posts in a channel), 40,000 characters in all blocks of a message, 16,000 bytes of metadata, a
deleted root without replies answering ``thread_not_found``, envelopes of a broken connection tried again at once, and the
names ``socket_mode_not_enabled``, ``not_an_agent_app``, ``invalid_status``, ``title_too_long``, ``session_not_found`` and
``too_many_prompts``. Posts without blocks keep none (Slack makes rich text of them).
"""

from tests.servers.clock import Clock
from tests.servers.slackd.client import SlackdClient, connect_slackd, run_slackd
from tests.servers.slackd.delivery import Ack
from tests.servers.slackd.faults import Fault
from tests.servers.slackd.options import SlackdOptions
from tests.servers.slackd.rates import Limit
from tests.servers.slackd.server import Slackd, serve_slackd
from tests.servers.slackd.state import Channel, User

__all__ = [
    "Ack",
    "Channel",
    "Clock",
    "Fault",
    "Limit",
    "Slackd",
    "SlackdClient",
    "SlackdOptions",
    "User",
    "connect_slackd",
    "run_slackd",
    "serve_slackd",
]
