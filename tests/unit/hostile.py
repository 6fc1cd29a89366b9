"""Five hundred strings that want to be more than text."""

from __future__ import annotations

from itertools import cycle, islice, product

_PAYLOADS = (
    "<!channel>", "<!here>", "<!everyone>", "<!subteam^S0123|@leads>", "<@U0123ABCD>", "<@W0123|dana>", "<#C0123|general>",
    "<!date^1392734382^{date}^https://evil.example|now>", "@channel", "@here", "(@everyone)", "@Channel!", "<http://evil.example|Approve>",
    "<https://evil.example>", "https://evil.example/a?b=c&d", "http://127.0.0.1:80/", "evil.example", "www.evil.com", "ftp://evil.com",
    "mailto:a@evil.com", "dana@evil.com", "javascript:alert(1)", "slack://open", "file:///etc/passwd", "[a](http://evil.com)",
    "*bold*", "_it_", "~no~", "`code`", "```block", "```a``` b ```", "`", "``", "* * *", "_ _", "> quoted", ">>> all",
    "&lt;!channel&gt;", "&amp;lt;", "&", "&&&", "<", ">", "<<<>>>", "<a<b<c|d>|e>|f>", "a|b", "<|>", ":tada:", ":white_check_mark: Approved",
    "\u202egnp.exe", "\u2066x", "\u2067x\u2069\u2069", "\u2068open", "\u2069closed", "\u200bz\u200bw", "a\u200db", "\ufeffbom", "\u00adsoft",
    "\u200e\u200f\u061c", "\U000e0041\U000e0042tag", "\u180e", "\u3164", "\u115f\u1160", "x\ufe0e\ufe0f", "e" + "\u0301" * 60,
    "D\u0430na", "P\u0430yp\u0430l", "\u0405lack", "\u0391dmin", "\uff24ana", "\U0001d403ana", "Yo\u0430v Levi",
    "\x00", "a\x00b", "\x1b[31mred", "\x07\x08", "a\r\nb", "a\rb", "a\u2028b\u2029c", "\x85", "\ud800", "\udfff x", "\ufffe\uffff",
    '{"type":"section","text":{"type":"mrkdwn","text":"<!channel>"}}', '[{"type":"actions"}]', '"},{"', "\\u003c!channel\\u003e",
    "approve|x|y|z|1", "|", "||||", "%3C!channel%3E", "&#60;!channel&#62;", "&#x3c;@U1&#x3e;", "<script>alert(1)</script>",
    "👍" * 50, "👨\u200d👩\u200d👧\u200d👦", "🏴\U000e0067\U000e0062\U000e007f", "🇮🇱", "𝕏" * 20, "\u0e33" * 40, "م\u200cن", "A" * 5_000, "א" * 3_000,
    "word " * 900, "\n" * 300, " " * 200, "\t\t", "", "\u2800", "-" * 3_000, "a\n\n\n\nb\n" * 60, "1. x\n2. y", "• x", "# h\n- b\n\n* c",
)  # fmt: skip

_FRAMES = (
    "{}",
    "דנה {} כהן",
    "Dana {} Cohen",
    "שלום {}",
    "{} hello עולם",
    "({})",
    "a{}",
    "{}\n{}",
    "היי, {}!",
    "{} · {}",
)


def hostile_strings(count: int = 500) -> list[str]:
    """So many different ones, in Hebrew, English and both."""
    framed = (frame.replace("{}", payload) for frame, payload in product(_FRAMES, _PAYLOADS))
    found = list(dict.fromkeys([*_PAYLOADS, *framed]))
    assert len(found) >= count
    step = max(len(found) // count, 1)
    return list(islice(cycle(found[::step] + found), count))
