"""A strict local Telegram, driven only over the wire: ``async with serve_telegramd(TelegramdOptions(...)) as telegram``.

It knows nothing of the product. For the product: ``telegram.api_url`` (the root, as in ``TELEGRAM_API_URL``; calls go to
``<root>/bot<token>/<method>``) and ``telegram.token``. People, chats and messages are given as objects or as Telegram's numbers;
people also by first name in lower case, chats also by title. A person stands for the private chat with the bot::

    group = telegram.add_supergroup("Team", members=[telegram.dana, telegram.avi])  # add_group, add_forum, add_channel
    asked = await telegram.say(telegram.dana, group, f"@{telegram.username} book a room", topic=0, reply_to=0)  # its number
    await telegram.eventually(lambda: telegram.sent(group))  # messages of the bot's, oldest first; ``messages``: everybody's
    card = telegram.sent(group)[-1]  # as on the wire, with ``_live`` (what became tappable by itself), ``_states``, ``_file``
    query = await telegram.press(telegram.dana, group, card["message_id"], "Approve")  # by label or data: it must be there now
    await telegram.eventually(lambda: telegram.answer(query))  # {"text", "alert", "at"}
    assert telegram.warnings == []  # parameters nobody knows, entities that overlap, …: a test should find it empty

People: ``say`` (text; topic, reply_to, quote, document, forwarded, anonymous, as_channel, ago), ``edit``, ``press``,
``press_raw``, ``start`` (deep link), ``block``, ``unblock``, ``post`` (channels), ``react``, ``delete``, ``add_user``.
Chats: ``add_group``, ``add_supergroup``, ``add_forum``, ``add_channel``, ``private``, ``create_topic``, ``close_topic``,
``reopen_topic``, ``delete_topic``, ``add_bot``, ``kick_bot``, ``promote_bot``, ``join``, ``kick``, ``promote``, ``mute``,
``upgrade``. The bot: ``privacy``, ``topics``, ``revoke_token``.
Misfortune: ``faults.next(method, Fault.…, chat=…)``, ``updates`` (``hold``, ``release``, ``repeat``, ``replay``, ``jump``),
``down``/``up``. Seen: ``log`` (``calls``, ``edits_per_minute`` …), ``ledger`` (what stood where, in all its states),
``menu`` (commands a person is offered), ``actions``, ``file``. Time: ``advance``; ``TelegramdOptions.clock`` takes another's.

Also ``dana`` (English, begins), ``avi`` (Hebrew), ``guest``, ``stranger``. By hand: ``python -m tests.servers.telegramd`` and its
page ``/ui``; from another process: ``run_telegramd``. Pictures: ``preview.render_chat``.

The words of refusals and the shapes are those of Telegram's own server and library (Bot API 10.0). These parts are assumptions:
a press may be answered for fifteen minutes; no bursts; calls in a halted chat prolong nothing; the waits of webhooks; a message in
a forum's topic has the topic's beginning as ``reply_to_message``. Not there: slowing down of hasty pollers and of 409, inline mode,
business, albums, Markdown, telephone and card numbers.
"""

from tests.servers.telegramd.client import TelegramdClient, connect_telegramd, run_telegramd
from tests.servers.telegramd.clock import Now
from tests.servers.telegramd.faults import Fault
from tests.servers.telegramd.options import Flood, TelegramdOptions
from tests.servers.telegramd.server import Telegramd, serve_telegramd
from tests.servers.telegramd.state import Chat, Topic, User

__all__ = [
    "Chat",
    "Fault",
    "Flood",
    "Now",
    "Telegramd",
    "TelegramdClient",
    "TelegramdOptions",
    "Topic",
    "User",
    "connect_telegramd",
    "run_telegramd",
    "serve_telegramd",
]
