"""Finding people by name, in either script, in books that are partly broken."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from integrations.local_workspace import LocalContacts
from integrations.local_workspace.sample import create_sample

BOTH_YOAVS = ["Yoav Cohen", "Yoav Levi"]


def card(name: str, *more: str) -> str:
    return "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", f"FN:{name}", *more, "END:VCARD", ""])


async def names(path: Path, query: str) -> list[str]:
    return [contact.name for contact in (await LocalContacts(path).find(query)).items]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Yoav", BOTH_YOAVS),
        ("יואב", BOTH_YOAVS),
        ("yoav", BOTH_YOAVS),
        ("ליואב", BOTH_YOAVS),
        ("עם יואב", BOTH_YOAVS),
        ("with Yoav", BOTH_YOAVS),
        ("Yoav Levi", ["Yoav Levi"]),
        ("levi yoav", ["Yoav Levi"]),
        ("יואב לוי", ["Yoav Levi"]),
        ("ליואב לוי", ["Yoav Levi"]),
        ("Cohen", ["Yoav Cohen"]),
        ("דנה", ["Dana Mizrahi"]),
        ("YOAV.Levi@example.com", ["Yoav Levi"]),
        ("Nobody", []),
        ("", []),
        ("  ,;", []),
    ],
)
async def test_the_sample_book_answers(tmp_path: Path, query: str, expected: list[str]) -> None:
    create_sample(tmp_path, date(2026, 11, 23))
    assert await names(tmp_path / "contacts.vcf", query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Yoav", ["יואב"]),
        ("Dana", ["דנה"]),
        ("Dina", ["דינה"]),
        ("Ron", ["רון"]),
        ("Roni", ["רוני"]),
        ("Yoram", ["יורם"]),
        ("Michal Mizrahi", ["מיכל מזרחי"]),
        ("Noa", ["נועה"]),
        ("איתן", ["Eitan Harel"]),
        ("לאיתן הראל", ["Eitan Harel"]),
        ("Chaim", ["חיים"]),
    ],
)
async def test_a_name_is_found_across_scripts_and_its_neighbours_are_not(
    tmp_path: Path, query: str, expected: list[str]
) -> None:
    book = tmp_path / "contacts.vcf"
    people = ("יואב", "דנה", "דינה", "רון", "רוני", "יורם", "מיכל מזרחי", "נועה", "Eitan Harel", "חיים")
    book.write_text("".join(card(name) for name in people), encoding="utf-8")
    assert await names(book, query) == expected


async def test_exact_goes_before_partial_and_partial_before_sound(tmp_path: Path) -> None:
    book = tmp_path / "contacts.vcf"
    book.write_text(card("Dana") + card("Dana Mizrahi") + card("דנה שלו") + card("לירון"), encoding="utf-8")
    assert await names(book, "Dana") == ["Dana"]
    assert await names(book, "Mizrahi") == ["Dana Mizrahi"]
    assert await names(book, "לירון") == ["לירון"]


async def test_what_is_broken_loses_only_itself(tmp_path: Path) -> None:
    book = tmp_path / "contacts.vcf"
    content = (
        "rubbish\r\n"
        + card("Dana Mizrahi", "no colon here", "EMAIL:dana@example.com", "BDAY;;;=:::", "TEL:03-1")
        + "BEGIN:VCARD\r\nFN:Never Ends\r\n"
        + card("Noa Sagi", "EMAIL:not an address", "EMAIL:noa@example.com", "PHOTO;ENCODING=b:%%%%")
        + "BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n"
        + card("רון פרץ", "NOTE;ENCODING=QUOTED-PRINTABLE:=ZZ")
        + "BEGIN:VCARD\r\nFN:Cut"
    )
    book.write_text(content, encoding="utf-8")
    found = (await LocalContacts(book).find("dana mizrahi")).items
    assert [(contact.email, contact.phone) for contact in found] == [("dana@example.com", "03-1")]
    assert [contact.email for contact in (await LocalContacts(book).find("Noa")).items] == ["noa@example.com"]
    assert await names(book, "רון") == ["רון פרץ"]
    assert await names(book, "Never") == []


async def test_ids_follow_the_uid_and_a_changed_book_is_read_again(tmp_path: Path) -> None:
    book = tmp_path / "contacts.vcf"
    contacts = LocalContacts(book)
    assert (await contacts.find("Dana")).items == ()
    book.write_text(card("Dana Old", "UID:1") + card("Dana Twin", "UID:1"), encoding="utf-8")
    old, twin = (await contacts.find("Dana")).items
    book.write_text(card("Dana New Name", "UID:1"), encoding="utf-8")
    (new,) = (await contacts.find("Dana")).items
    assert (new.name, new.id) == ("Dana New Name", old.id)
    assert twin.id != old.id
    assert old.id != "1"


async def test_the_owner_is_the_card_that_says_so(tmp_path: Path) -> None:
    create_sample(tmp_path, date(2026, 11, 23))
    owner = LocalContacts(tmp_path / "contacts.vcf").owner()
    assert owner is not None
    assert (owner.name, owner.email) == ("Maya Bar", "maya@example.com")
    assert LocalContacts(tmp_path / "none.vcf").owner() is None
