"""Rich text: sections, lists, quotes and code, with their styles, mentions and dates."""

from __future__ import annotations

from tests.servers.slackd.preview.mrkdwn import EMOJI, escaped, mrkdwn
from tests.servers.slackd.preview.reading import Json, items, part, said


def rich_text(block: Json) -> str:
    """A ``rich_text`` block or element; its first strong letter gives the direction of the whole."""
    drawn = "".join(_drawn(piece) for piece in items(block, "elements"))
    return f'<div class="rich" dir="auto">{drawn}</div>'


def _drawn(piece: Json) -> str:
    inner = items(piece, "elements")
    match piece.get("type"):
        case "rich_text_list":
            tag = "ol" if piece.get("style") == "ordered" else "ul"
            drawn = "".join(f"<li>{_inline(items(item, 'elements'))}</li>" for item in inner)
            indent = int(piece.get("indent", 0))
            return f'<{tag} class="indent-{indent}" start="{int(piece.get("offset", 0)) + 1}">{drawn}</{tag}>'
        case "rich_text_quote":
            return f"<blockquote>{_inline(inner)}</blockquote>"
        case "rich_text_preformatted":
            return f"<pre>{_inline(inner)}</pre>"
        case _:
            return f'<div class="line">{_inline(inner)}</div>'


def _inline(elements: list[Json]) -> str:
    return "".join(_styled(element) for element in elements)


def _styled(element: Json) -> str:
    shown = _shown(element)
    style = part(element, "style")
    for name, tag in (("code", "code"), ("strike", "s"), ("italic", "i"), ("bold", "b"), ("underline", "u")):
        if style.get(name):
            shown = f"<{tag}>{shown}</{tag}>"
    return shown


def _shown(element: Json) -> str:
    match element.get("type"):
        case "text":
            return escaped(said(element, "text")).replace("\n", "<br>")
        case "link":
            url = escaped(said(element, "url"))
            return (
                f'<a href="{url.replace(chr(34), "&quot;")}">{escaped(said(element, "text", said(element, "url")))}</a>'
            )
        case "emoji":
            name = said(element, "name")
            return EMOJI.get(name, f":{escaped(name)}:")
        case "user":
            return f'<span class="mention">@{escaped(said(element, "user_id"))}</span>'
        case "channel":
            return f'<span class="mention">#{escaped(said(element, "channel_id"))}</span>'
        case "broadcast":
            return f'<span class="mention loud">@{escaped(said(element, "range"))}</span>'
        case "date":
            stamp, form = element.get("timestamp", 0), said(element, "format", "{date} {time}")
            return mrkdwn(f"<!date^{stamp}^{form}|{element.get('fallback', '')}>")
        case "color":
            value = escaped(said(element, "value"))
            return f'<code>{value}</code><span class="swatch" style="background:{value}"></span>'
        case _:
            return escaped(str(element))
