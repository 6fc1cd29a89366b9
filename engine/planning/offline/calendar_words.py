"""Names of days, months, hours and numbers in both languages, and the patterns made of them."""

from __future__ import annotations

MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "january jan ינואר",
            "february feb פברואר",
            "march mar מרץ מרס",
            "april apr אפריל",
            "may מאי",
            "june jun יוני",
            "july jul יולי",
            "august aug אוגוסט",
            "september sep sept ספטמבר",
            "october oct אוקטובר",
            "november nov נובמבר",
            "december dec דצמבר",
        ),
        start=1,
    )
    for name in names.split()
}
"""Month by lower-case name, 1 to 12."""

WEEKDAYS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "monday mon שני ב",
            "tuesday tue tues שלישי ג",
            "wednesday wed רביעי ד",
            "thursday thu thurs חמישי ה",
            "friday fri שישי ו",
            "saturday sat שבת",
            "sunday sun ראשון א",
        )
    )
    for name in names.split()
}
"""``date.weekday()`` by lower-case name."""

NUMBERS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "one a an אחת אחד",
            "two שתיים שתי שני שניים",
            "three שלוש שלושה שלושת",
            "four ארבע ארבעה ארבעת",
            "five חמש חמישה",
            "six שש שישה",
            "seven שבע שבעה",
            "eight שמונה",
            "nine תשע תשעה",
            "ten עשר עשרה",
            "eleven",
            "twelve",
        ),
        start=1,
    )
    for name in names.split()
}
"""Small numbers by name."""

ENGLISH_MONTHS = "|".join(sorted((name for name in MONTHS if name.isascii()), key=len, reverse=True))
HEBREW_MONTHS = "|".join(name for name in MONTHS if not name.isascii())
ENGLISH_DAYS = "|".join(sorted((name for name in WEEKDAYS if name.isascii()), key=len, reverse=True))
HEBREW_DAYS = "|".join(name for name in WEEKDAYS if not name.isascii() and len(name) > 1)
HEBREW_HOURS = "|".join(name for name in NUMBERS if not name.isascii())
ENGLISH_HOURS = "|".join(name for name in NUMBERS if name.isascii() and len(name) > 2)
COUNT = r"\d{1,3}|" + "|".join(sorted(NUMBERS, key=len, reverse=True))


def count(text: str) -> int:
    """A number written in digits or as a word."""
    return int(text) if text.isdecimal() else NUMBERS[text.lower()]
