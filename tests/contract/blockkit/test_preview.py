"""The pictures people judge cards by show everything, in its place, and run nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.blockkit.samples import MESSAGE, MODAL, PAYLOAD, mrkdwn, plain
from tests.servers.blockkit import limits
from tests.servers.slackd.preview import render_html, render_view_html
from tests.servers.slackd.preview.__main__ import main
from tests.servers.slackd.preview.blocks import blocks as drawn_blocks
from tests.servers.slackd.preview.mrkdwn import mrkdwn as drawn

ROOT = {"ts": "1764000000.000100", "user": "U1", "name": "Dana", "text": "<@U2|Tizmor> please"}
REPLY = {**PAYLOAD, "ts": "1764000001.000100", "thread_ts": ROOT["ts"], "bot_id": "B1", "name": "Tizmor"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*bold* _italic_ ~gone~", "<b>bold</b> <i>italic</i> <s>gone</s>"),
        ("a*b*c 2 * 3 * 4 snake_case_name", "a*b*c 2 * 3 * 4 snake_case_name"),
        ("`*not bold*`", "<code>*not bold*</code>"),
        ("```a\n*b*```", "<pre>a\n*b*</pre>"),
        ("&lt;b&gt; &amp; &amp;lt;", "&lt;b&gt; &amp; &amp;lt;"),
        ("<https://a.example/?x=1&amp;y=2|there>", '<a href="https://a.example/?x=1&amp;y=2">there</a>'),
        ("see https://a.example/x now", 'see <a href="https://a.example/x">https://a.example/x</a> now'),
        ("<@U1|Dana> <#C1|general>", '<span class="mention">@Dana</span> <span class="mention">#general</span>'),
        ("<!channel>", '<span class="mention loud">@channel</span>'),
        ("<!date^1764000000^{date_short}|then>", '<time title="Asia/Jerusalem">Nov 24, 2025</time>'),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("&gt; quoted\nplain", "<blockquote>quoted</blockquote>plain"),
        (":white_check_mark: :no_such_face:", "✅ :no_such_face:"),
    ],
)
def test_the_platforms_markup_is_drawn_as_its_clients_do(text: str, expected: str) -> None:
    assert drawn(text) == expected


def test_verbatim_text_makes_no_links() -> None:
    assert "<a" not in drawn("https://a.example", verbatim=True)


def test_every_block_a_message_or_a_modal_of_ours_may_hold_is_drawn() -> None:
    page = render_html([ROOT, REPLY], title="general") + render_view_html(MODAL)
    assert 'class="unknown"' not in page
    assert {str(block["type"]) for block in MESSAGE} >= limits.SURFACES["message"] - {
        "card", "carousel", "container", "data_table", "file", "input", "video",
    }  # fmt: skip
    for said in (
        "פגישה עם יואב",
        "asked by Dana",
        "Step 1",
        "minutes",
        "a chart",
        "Change the meeting",
        "As the guests",
        "Coffee",
    ):
        assert said in page


def test_what_is_not_known_is_shown_in_its_place_and_not_left_out() -> None:
    assert '<span class="unknown">video</span>' in drawn_blocks([{"type": "video"}])


def test_replies_stand_indented_below_their_root_and_apps_are_marked() -> None:
    page = render_html([ROOT, REPLY], title="general")
    root, reply = page.index('class="message"'), page.index('class="message reply"')
    assert root < page.index('class="thread-line"') < reply
    assert page.count('class="badge"') == 1
    assert page.index('class="badge"') > reply


def test_the_first_strong_letter_of_a_block_gives_its_direction_and_nothing_inside_has_one_of_its_own() -> None:
    for block in (
        {"type": "markdown", "text": "- א\n- b\n\n> c"},
        MESSAGE[9],
        {"type": "section", "text": mrkdwn("א\nb")},
    ):
        assert drawn_blocks([block]).count("dir=") == 1


def test_text_of_any_kind_is_escaped() -> None:
    evil = "<img src=x onerror=alert(1)>"
    message = {**ROOT, "name": evil, "text": evil, "blocks": [
        {"type": "section", "text": mrkdwn(evil), "fields": [plain(evil)]},
        {"type": "header", "text": plain(evil)},
        {"type": "markdown", "text": evil},
        {"type": "plan", "title": evil, "tasks": [{"task_id": "1", "title": evil, "status": evil}]},
    ]}  # fmt: skip
    assert "<img" not in render_html([message, {**ROOT, "text": evil}], title=evil)
    assert "<img" not in render_view_html({**MODAL, "title": plain(evil)})


def test_the_command_draws_messages_and_views_in_both_schemes(tmp_path: Path) -> None:
    thread, modal, page = tmp_path / "thread.json", tmp_path / "modal.json", tmp_path / "page.html"
    thread.write_text(json.dumps({"title": "general", "messages": [ROOT, REPLY]}), "utf-8")
    modal.write_text(json.dumps(MODAL), "utf-8")
    assert main([str(thread), str(page)]) == 0
    assert 'data-scheme="light"' in page.read_text("utf-8")
    assert main([str(modal), str(page), "--dark"]) == 0
    assert 'data-scheme="dark"' in page.read_text("utf-8")
    assert "Change the meeting" in page.read_text("utf-8")
    assert main([str(thread)]) == 2
