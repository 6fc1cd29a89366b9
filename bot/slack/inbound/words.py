"""A person's words as Slack writes them (mrkdwn with entities) → the words as the person sees them."""

from __future__ import annotations

import re

_ENTITY = re.compile(r"&(amp|lt|gt);")
_MARKS = {"amp": "&", "lt": "<", "gt": ">"}
_LINK = re.compile(r"<([^<>]+)>")
_SCHEME = re.compile(r"(?:https?|mailto|tel):(?://)?")
_BESIDE = re.compile(r"[ \t]*\0[ \t]*")
_ADDRESSED = re.compile(r"\A\s*\0[\s,:;،]*")
"""What stands after our name at the beginning only calls us: "@Tizmor, set up …"."""


def mentions(words: str, user: str) -> bool:
    """Is this person, or bot, mentioned?"""
    return bool(user) and re.search(rf"<@{re.escape(user)}(?:\|[^<>]*)?>", words) is not None


def plain_words(words: str, us: str = "") -> str:
    """Decode a message's text, once. Bold, quotes and code keep their marks: people write lists and formulas with them.

    Args:
        words: as in ``event.text``.
        us: a user id whose mention is left out: it addresses, it does not say anything.
    """
    written = words.replace("\0", "")
    read = _LINK.sub(lambda found: _read(found[1], us), written)
    read = _ADDRESSED.sub("", read)
    read = _BESIDE.sub(_gap, read)
    return _decoded(read).strip()


def _read(inside: str, us: str) -> str:
    """What stands between angle brackets; NUL holds the place of our own name."""
    target, _, label = inside.partition("|")
    match target[:1]:
        case "@":
            return "\0" if us and target[1:] == us else f"@{label or target[1:]}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return _special(target[1:], label)
        case _:
            return _link(target, label)


def _special(target: str, label: str) -> str:
    """``<!here>``, ``<!subteam^S1|@sales>``, ``<!date^1700000000^{date}|14 Nov>``."""
    if label:
        return label
    kind, _, rest = target.partition("^")
    return f"@{rest.partition('^')[0] if kind == 'subteam' else kind}"


def _link(target: str, label: str) -> str:
    """An address Slack made a link of reads as it was typed; a link under other words keeps both."""
    bare = _SCHEME.sub("", target, count=1)
    if not label:
        return bare if target.startswith(("mailto:", "tel:")) else target
    if label in {target, bare} or target.startswith(("mailto:", "tel:")):
        return label
    return f"{label} ({target})"


def _gap(found: re.Match[str]) -> str:
    """Our name within a sentence leaves one space, or none at a line's end."""
    before, after = found.string[: found.start()], found.string[found.end() :]
    edge = not before or before.endswith("\n") or not after or after.startswith(("\n", ",", ".", "!", "?", ":", ";"))
    return "" if edge else " "


def _decoded(words: str) -> str:
    return _ENTITY.sub(lambda found: _MARKS[found[1]], words)
