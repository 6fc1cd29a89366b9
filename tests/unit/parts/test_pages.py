"""What is long goes on on the next page: nothing of it is lost, and a heading stays with its text."""

from __future__ import annotations

from bot.parts.measure import units
from bot.parts.model import Items, Para, Part, Small, Span, written
from bot.parts.pages import Page, pages_of
from bot.parts.scale import Scale

SCALE = Scale(weight=units)


def paged(parts: list[Part], room: int, blocks: int = 36) -> list[tuple[Part, ...]]:
    return pages_of(parts, Page(scale=SCALE, room=room, blocks=blocks))


def shown(pages: list[tuple[Part, ...]]) -> str:
    return "".join(written(part) for page in pages for part in page)


def test_small_print_longer_than_a_page_is_divided_like_a_paragraph() -> None:
    pages = paged([Small(text="x" * 500)], 300)
    assert [isinstance(part, Para) for page in pages for part in page] == [True, True]
    assert shown(pages) == "x" * 500
    assert paged([Small(text="x" * 200), Small(text="y" * 200)], 300) == [
        (Small(text="x" * 200),),
        (Small(text="y" * 200),),
    ]
    assert paged([], 300) == []


def test_a_heading_stays_with_what_it_is_the_heading_of() -> None:
    heading, item = Para(lines=((Span(text="Head", bold=True),),)), Items(items=((Span(text="y" * 200),),), tight=True)
    pages = paged([Small(text="x" * 200), heading, item], 300)
    assert [[type(part).__name__ for part in page] for page in pages] == [["Small"], ["Para", "Items"]]


def test_pages_weigh_no_more_than_they_may_and_lose_no_line() -> None:
    parts: list[Part] = [
        Para(lines=tuple((Span(text=f"line {n}.{m}:"), Span(text="b" * m, bold=True)) for m in range(40)))
        for n in range(9)
    ]
    pages = paged(parts, 1_000)
    assert all(sum(map(SCALE.weigh, page)) <= 1_000 for page in pages)
    assert shown(pages).replace("\n", "") == "".join(f"line {n}.{m}:{'b' * m}" for n in range(9) for m in range(40))


def test_a_paragraph_longer_than_pages_that_are_small_is_divided_all_the_same() -> None:
    pages = paged([Para(lines=((Span(text="ж" * 900),),))], 200)
    assert len(pages) == 5
    assert shown(pages) == "ж" * 900


def test_a_list_goes_on_with_its_numbers() -> None:
    items = Items(items=tuple((Span(text=f"item {n} {'x' * 500}"),) for n in range(1, 30)), first=1)
    pages = paged([items], 2_000)
    assert [part.first for page in pages for part in page if isinstance(part, Items)] == list(range(1, 30))


def test_a_page_holds_no_more_groups_than_it_may() -> None:
    pages = paged([Para(lines=((Span(text=str(n)),),)) for n in range(10)], 1_000, blocks=4)
    assert [len(page) for page in pages] == [4, 4, 2]
