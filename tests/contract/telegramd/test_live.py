"""What becomes tappable by itself in a text, and HTML as Telegram reads it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.telegramd.talking import raw
from tests.servers.telegramd import Telegramd
from tests.servers.telegramd.live import find_live
from tests.servers.telegramd.texts import Formatted

Json = dict[str, Any]
JOINER = "\u2060"


def live(text: str, *entities: Json) -> list[tuple[str, str]]:
    return [(each["type"], each["text"]) for each in find_live(Formatted(text=text, entities=entities))]


FOUND: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "a mention": ("ask @dana_levi, please", [("mention", "@dana_levi")]),
    "a mention in Hebrew words": ("שלום @dana_levi!", [("mention", "@dana_levi")]),
    "a mention after a bracket": ("(@dana_levi)", [("mention", "@dana_levi")]),
    "a short mention": ("@pic @abc @ab", [("mention", "@pic")]),
    "a mention after an invisible sign": (f"{JOINER}@dana_levi", [("mention", "@dana_levi")]),
    "a command": ("/start now", [("bot_command", "/start")]),
    "a command of a bot": ("please /ask@tizmor_bot", [("bot_command", "/ask@tizmor_bot")]),
    "a command after an invisible sign": (f"{JOINER}/start", [("bot_command", "/start")]),
    "a hashtag": ("see #שלום and #1a", [("hashtag", "#שלום"), ("hashtag", "#1a")]),
    "a cashtag": ("buy $TIZ now", [("cashtag", "$TIZ")]),
    "an address with its protocol": ("see https://example.com/a?b=(c)#d.", [("url", "https://example.com/a?b=(c)#d")]),
    "an address of nobody with its protocol": ("http://host.invalid-tld1x/", []),
    "a bare address": (
        "see example.com/x, or docs.example.co.il",
        [("url", "example.com/x"), ("url", "docs.example.co.il")],
    ),
    "a file that looks like one": (
        "notes.md main.py data.zip",
        [("url", "notes.md"), ("url", "main.py"), ("url", "data.zip")],
    ),
    "a number of the network": ("at 10.0.0.1:8080/x", [("url", "10.0.0.1:8080/x")]),
    "an address in Hebrew": ("ראו דוגמה.ישראל היום", [("url", "דוגמה.ישראל")]),
    "an address in brackets": ("(example.com/a)", [("url", "example.com/a")]),
    "a deep link": ("tg://user?id=5", [("url", "tg://user?id=5")]),
    "mail": ("write to dana.levi_x@example.com.", [("email", "dana.levi_x@example.com")]),
    "mail with a dot and a plus": ("dana.levi+x@example.com", [("email", "+x@example.com")]),
    "mail with a plus": ("dana+x@example.com", [("email", "dana+x@example.com")]),
    "a sentence in small letters": ("done.next", [("url", "done.next")]),
    "mail in angle brackets": ("Dana <dana@example.com>", [("email", "dana@example.com")]),
    "mail with its protocol": ("mailto:dana@example.com", [("email", "dana@example.com")]),
}

QUIET = {
    "a mention broken by an invisible sign": f"@{JOINER}dana_levi",
    "a command broken by an invisible sign": f"/{JOINER}start",
    "a hashtag broken by an invisible sign": f"#{JOINER}tag",
    "an address broken by invisible signs": f"example{JOINER}.{JOINER}com",
    "mail broken by an invisible sign": f"dana@{JOINER}example{JOINER}.{JOINER}com",
    "a word with an at": "dana@home and x@y",
    "a path": "/usr/local/bin and a/b",
    "either or": "yes/no 1/2",
    "a tag": "</start> <b>/x</b>",
    "only digits": "#1 #123 no.1",
    "a file of no domain": "report.pdf letter.docx index.html v1.2.3 e.g. i.e.",
    "a version and a time": "3.11.7 at 10.30, 2.5 hours",
    "a sentence without a space": "Done.Next",
    "a price": "$5 $$TIZ $tiz US$TIZ",
    "a mention of 33 letters": "@" + "a" * 33,
    "a mention with Hebrew right after": "@danaלוי",
}


@pytest.mark.parametrize("case", FOUND)
def test_what_is_found(case: str) -> None:
    text, expected = FOUND[case]
    assert live(text) == expected


@pytest.mark.parametrize("case", QUIET)
def test_what_is_not(case: str) -> None:
    assert live(QUIET[case]) == []


def test_code_is_closed_and_styles_are_not() -> None:
    text = "@one_user @two_user @three_user"
    assert live(text, {"type": "code", "offset": 0, "length": 9}, {"type": "bold", "offset": 10, "length": 9}) == [
        ("mention", "@two_user"),
        ("mention", "@three_user"),
    ]
    assert live("see example.com", {"type": "text_link", "offset": 0, "length": 15, "url": "https://a.example/"}) == []


def test_offsets_are_counted_in_utf_16() -> None:
    (found,) = find_live(Formatted(text="😀😀 /go"))
    assert (found["offset"], found["length"]) == (5, 3)


async def test_a_message_tells_what_is_live_in_it_and_clients_are_not_told(telegram: Telegramd) -> None:
    await telegram.start(telegram.dana)
    answer = await raw(telegram, "sendMessage", chat_id=telegram.dana.id, text="go /stop or x@example.com")
    assert "entities" not in answer["result"]
    assert not any(name.startswith("_") for name in answer["result"])
    assert [each["text"] for each in telegram.sent(telegram.dana)[0]["_live"]] == ["/stop", "x@example.com"]


READ: dict[str, tuple[str, str, list[Json]]] = {
    "styles": (
        "<b>a<i>b</i></b> <u>c</u> <s>d</s> <tg-spoiler>e</tg-spoiler>",
        "ab c d e",
        [
            {"type": "bold", "offset": 0, "length": 2},
            {"type": "italic", "offset": 1, "length": 1},
            {"type": "underline", "offset": 3, "length": 1},
            {"type": "strikethrough", "offset": 5, "length": 1},
            {"type": "spoiler", "offset": 7, "length": 1},
        ],
    ),
    "signs": ("a &lt;b&gt; &amp; &quot;c&quot; &#1488; &#x5d0; &nbsp; & d", 'a <b> & "c" א א &nbsp; & d', []),
    "quotations": (
        "<blockquote>a</blockquote><blockquote expandable>b</blockquote>",
        "ab",
        [{"type": "blockquote", "offset": 0, "length": 1}, {"type": "expandable_blockquote", "offset": 1, "length": 1}],
    ),
    "code": (
        '<code>a</code> <pre>b</pre> <pre><code class="language-python">c</code></pre>',
        "a b c",
        [
            {"type": "code", "offset": 0, "length": 1},
            {"type": "pre", "offset": 2, "length": 1},
            {"type": "pre", "offset": 4, "length": 1, "language": "python"},
        ],
    ),
    "links": (
        '<a href="https://a.example/?x=1&amp;y=2">😀</a>',
        "😀",
        [{"type": "text_link", "offset": 0, "length": 2, "url": "https://a.example/?x=1&y=2"}],
    ),
}


@pytest.mark.parametrize("case", READ)
async def test_html_is_read(telegram: Telegramd, case: str) -> None:
    await telegram.start(telegram.dana)
    source, text, entities = READ[case]
    answer = await raw(telegram, "sendMessage", chat_id=telegram.dana.id, text=source, parse_mode="HTML")
    assert answer["result"]["text"] == text
    assert answer["result"].get("entities", []) == entities
    assert telegram.warnings == []


UNREADABLE = {
    "mail": ("from <a@b.c>", 'Unsupported start tag "a@b.c" at byte offset 5'),
    "after Hebrew": ("אב <x>", 'Unsupported start tag "x" at byte offset 5'),
    "never closed": ("a <b>c", 'Can\'t find end tag corresponding to start tag "b"'),
    "never opened": ("a</b>", "Unexpected end tag at byte offset 1"),
    "crossed": ("<b><i>a</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
    "cut": ("a <b", "Unclosed start tag at byte offset 2"),
    "a span of no class": ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
}


@pytest.mark.parametrize("case", UNREADABLE)
async def test_html_that_is_none_is_refused_with_the_place(telegram: Telegramd, case: str) -> None:
    await telegram.start(telegram.dana)
    source, words = UNREADABLE[case]
    answer = await raw(telegram, "sendMessage", chat_id=telegram.dana.id, text=source, parse_mode="HTML")
    assert answer["description"] == f"Bad Request: can't parse entities: {words}"
