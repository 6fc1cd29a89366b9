"""How the other server of the Bot API differs from ours, and why."""

from __future__ import annotations

from collections.abc import Mapping

KNOWN: Mapping[str, str] = {
    # it reconstructs nothing: who said something, to whom, what a message showed before
    "* · /from · object | absent": "it does not say who wrote a message",
    "* · /chat/*_name · str | absent": "it knows nobody's name",
    "* · /chat/username · str | absent": "it knows nobody's name",
    "document* · /document/* · * | absent": "it keeps neither name nor size of a file",
    "edit: *keyboard · /text · str | absent": "it does not know what a message says",
    "edit* · /edit_date · int | absent": "it does not say when a message was edited",
    "reply · /reply_to_message · object | absent": "it does not show what is replied to",
    "me · /username · str | absent": "its bot has no name, which PTB cannot do without",
    "me · /capabilities · absent | object": "of its own",
    "me · /* · bool | absent": "newer than it",
    "* · /ip_address · str | absent": "it does not say it",
    "* · /max_connections · int | absent": "it does not say it",
    "commands: asked for · /[*] · object | absent": "it keeps no commands",
    # it refuses what it does not model, where Telegram takes no notice; ours warns the test
    "send: an unknown parameter · ok  | 400 *not supported yet": "ours warns",
    "send: no preview · ok  | 400 *not supported yet": "it does not know link_preview_options",
    "topic · words · Bad Request: message thread not found | * not supported yet": "it does not know topics",
    "send: entities · /entities · list | absent": "it does not keep them",
    # it checks the form of numbers only: nobody and nothing is missing for it
    "send: an unknown person · 400 Bad Request: chat not found | ok ": "everybody is known to it",
    "send: entities beyond the text · 400 * | ok ": "it does not look at entities",
    "reply: to what is not there · 400 * | ok ": "every message is there for it",
    "edit: the same · 400 Bad Request: message is not modified: * | ok ": "it does not know what a message says",
    "edit: what is not there · 400 * | ok ": "every message is there for it",
    "delete: again · 400 * | ok ": "every message is there for it",
    "answer: nobody pressed · 400 * | ok ": "every press is there for it",
    # ours follows Telegram's own server here, its source is at hand: a reply to message 0 replies to nothing
    "reply: to nothing · ok  | 400 *": "it refuses 0",
    "keyboard: 9 in a row · ok  | 400 *": "Telegram's limit is on a keyboard; ours warns",
    # both refuse, in other words; ours are Telegram's own
    "keyboard: * · words · * | Bad Request: invalid reply_markup": "it has one refusal for all keyboards",
    "send: spaces · words · Bad Request: text must be non-empty | Bad Request: message text is empty": "Telegram tells the two apart",
    "reply: a list · words · *": "it has one refusal for both",
    "edit: nothing · words · * | Bad Request: MESSAGE_ID_INVALID": "in other words",
    "document: 1025 · words · *": "in other words",
    "document: unknown · words · *": "in other words",
    "answer: nothing · words · *": "in other words",
    "commands: no list · words · *": "in other words",
    "hook: * · words · *": "in other words",
}
"""Differences, ours | theirs, with the reason for each; ``*`` is anything, ``[*]`` an item of a list."""


NOT_COMPARED: Mapping[str, str] = {
    "a second poller": "it turns the second away, Telegram the first",
    "getChat, getChatMember, leaveChat, setMessageReaction": "it answers 501",
    "a revoked or malformed token": "every token is good to it",
    "429": "it has no limits of its own",
    "groups, topics, migration, blocking, rights": "there are no chats in it",
    "HTML": "it does not read it",
}
"""What the other server is known not to have, or to do otherwise."""
