"""Hebrew as search needs it: glued prefixes, names across scripts, and the text order of PDFs.

Everything here is pure. One word yields a few *variants* (with and without its prefixes) and a few *skeletons* (its
consonants in a script-neutral spelling), so that two spellings of one thing meet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import product

PREFIXES = "ושהכלבמ"
"""Letters written onto the following word: and, that, the, as, to, in, from."""

_FINALS = "ךםןףץ"
_WORD = re.compile(r"[א-ת]+(?:[\"'״׳][א-ת]+)*|[^\W_]+", re.UNICODE)
_HEBREW = re.compile("[א-ת]")
_LATIN = re.compile("[A-Za-z]")
_QUOTES = re.compile("[\"'״׳]")
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f\u200b-\u200f\u2060\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_POINTS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]")

_HEBREW_SOUNDS: dict[str, tuple[str, ...]] = {
    "א": ("",), "ב": ("b",), "ג": ("g", "j"), "ד": ("d",), "ה": ("",), "ו": ("", "b"), "ז": ("z",), "ח": ("k", ""),
    "ט": ("t",), "י": ("",), "כ": ("k",), "ך": ("k",), "ל": ("l",), "מ": ("m",), "ם": ("m",), "נ": ("n",), "ן": ("n",),
    "ס": ("s",), "ע": ("",), "פ": ("p",), "ף": ("p",), "צ": ("s",), "ץ": ("s",), "ק": ("k",), "ר": ("r",),
    "ש": ("s",), "ת": ("t",),
}  # fmt: skip
_HEBREW_FIRST: dict[str, tuple[str, ...]] = {
    "א": ("a", ""), "ע": ("a",), "ה": ("h",), "ח": ("h",), "י": ("y",), "ו": ("b",)
}  # fmt: skip
_HEBREW_VOWELS = {"א": "a", "י": "i", "ע": "a"}
_LATIN_PAIRS = (("tch", "s"), ("sch", "s"), ("tz", "s"), ("ts", "s"), ("sh", "s"), ("ch", "k"), ("kh", "k"),
                ("ph", "p"),
                ("th", "t"), ("ck", "k"))  # fmt: skip
_LATIN_SOUNDS = str.maketrans({"c": "k", "q": "k", "f": "p", "v": "b", "w": "b", "x": "k"})
_MOST_SKELETONS = 16
_ALIKE_WITH_ONE_CONSONANT = 0.8


def clean_line(raw: str) -> str:
    """One line without controls, bidi overrides and zero-width marks; tabs kept, trailing space dropped."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", raw)).rstrip()


def normalise(text: str) -> str:
    """Case, compatibility forms and Hebrew points folded away; for comparing, never for showing."""
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    return _POINTS.sub("", unicodedata.normalize("NFC", folded))


def words(text: str) -> list[str]:
    """The words of a text in order, normalised; gershayim inside Hebrew words are dropped (דו״ח → דוח)."""
    return [_QUOTES.sub("", word) for word in _WORD.findall(normalise(text))]


def is_hebrew(word: str) -> bool:
    """Whether a word has any Hebrew letter."""
    return bool(_HEBREW.search(word))


def language_of(text: str) -> str:
    """``he`` when at least as many Hebrew letters as Latin ones (and any at all), else ``en``."""
    hebrew, latin = len(_HEBREW.findall(text)), len(_LATIN.findall(text))
    return "he" if hebrew and hebrew >= latin else "en"


def variants(word: str) -> tuple[str, ...]:
    """The word itself, then without one, two, three glued prefixes while at least three letters remain.

    The word itself comes first: whoever ranks prefers it.
    """
    found = [word]
    rest = word
    while len(found) <= 3 and len(rest) > 3 and rest[0] in PREFIXES and is_hebrew(rest):
        rest = rest[1:]
        found.append(rest)
    return tuple(found)


def skeletons(word: str) -> frozenset[str]:
    """The word's possible consonant spellings, the same for Hebrew and Latin: ``Tevuot`` and תבואות share one.

    Vowels are dropped except at the start, letters that sound alike are one letter; Hebrew ו and ח may be consonants
    or not, so a word may have several. At most 16.
    """
    folded = normalise(word)
    if not folded:
        return frozenset()
    if is_hebrew(folded):
        return _hebrew_skeletons(folded)
    ascii_word = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    if not ascii_word:
        return frozenset()
    spellings = (ascii_word, "y" + ascii_word[1:]) if ascii_word[0] == "j" else (ascii_word,)
    return frozenset(_latin_skeleton(spelling) for spelling in spellings)


def likeness(one: str, other: str) -> float:
    """How alike two words sound, vowels included, 0 to 1; separates Dana from Dina where skeletons cannot."""
    return max(
        SequenceMatcher(None, first, second, autojunk=False).ratio()
        for first in _sounds(normalise(one))
        for second in _sounds(normalise(other))
    )


def sounds_like(one: str, other: str) -> float:
    """Likeness of words that share a skeleton, else 0. One shared letter (Noa, נועה) asks for more."""
    shared = skeletons(one) & skeletons(other)
    if not shared:
        return 0.0
    ratio = likeness(one, other)
    return ratio if max(map(len, shared)) > 1 or ratio >= _ALIKE_WITH_ONE_CONSONANT else 0.0


def repair_visual_order(lines: Sequence[str]) -> tuple[str, ...]:
    """Put Hebrew that a PDF gave in visual order (letters as drawn, left to right) into reading order.

    Final letters (ךםןףץ) stand at word ends in Hebrew; where more words start with one than end with one, the text is
    visual. Whole lines are turned (Latin words and numbers kept), unless sentence ends show that only words are.
    """
    tokens = [token for line in lines for token in re.findall("[א-ת]{2,}", line)]
    starts = sum(token[0] in _FINALS for token in tokens)
    ends = sum(token[-1] in _FINALS for token in tokens)
    if starts <= ends:
        return tuple(lines)
    turn = _turn_words if _only_words_turned(lines) else _turn_line
    return tuple(turn(line) if is_hebrew(line) else line for line in lines)


def _hebrew_skeletons(word: str) -> frozenset[str]:
    letters = [letter for letter in word if letter in _HEBREW_SOUNDS]
    choices = [_HEBREW_SOUNDS[letter] for letter in letters]
    if letters:
        choices[0] = _HEBREW_FIRST.get(letters[0], choices[0])
    found: list[str] = []
    for sounds in product(*choices):
        found.append(_squeeze("".join(sounds)))
        if len(found) >= _MOST_SKELETONS:
            break
    return frozenset(found)


def _latin_skeleton(word: str) -> str:
    word = "h" + word[2:] if word.startswith(("ch", "kh")) and len(word) > 2 and word[2] in "aeiou" else word
    first = "a" if word[0] in "aeiou" else word[0]
    body = word
    for pair, sound in _LATIN_PAIRS:
        body = body.replace(pair, sound)
    rest = re.sub("[aeiouyh]", "", body[1:])
    first = body[0] if first != "a" else first
    return _squeeze((first + rest).translate(_LATIN_SOUNDS))


def _squeeze(skeleton: str) -> str:
    """Doubled letters once: Hanna and חנה."""
    return re.sub(r"(.)\1+", r"\1", skeleton)


def _sounds(word: str) -> set[str]:
    if not is_hebrew(word):
        return {_latin_sound(word)}
    return {_hebrew_sound(word, vav) for vav in "ob"}


def _latin_sound(word: str) -> str:
    ascii_word = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
    for pair, sound in _LATIN_PAIRS:
        ascii_word = ascii_word.replace(pair, sound)
    return ascii_word.translate(_LATIN_SOUNDS).translate(str.maketrans("euyj", "aoig"))


def _hebrew_sound(word: str, vav: str) -> str:
    last = len(word) - 1
    out: list[str] = []
    for place, letter in enumerate(word):
        vowel = "a" if letter == "ה" and place == last else {**_HEBREW_VOWELS, "ו": vav}.get(letter)
        sounds = _HEBREW_SOUNDS.get(letter, ("",))
        out.append(vowel or sounds[0] or "h")
    return "".join(out)


_LTR_ATOM = r"[A-Za-z0-9]+(?:[._:,/@+&'-][A-Za-z0-9]+)*"
_LTR_RUN = re.compile(rf"%?{_LTR_ATOM}%?(?: {_LTR_ATOM})*")
_HEBREW_RUN = re.compile("[א-ת][א-ת\"'״׳]*(?:[ ,-]+[א-ת][א-ת\"'״׳]*)*")
_MIRROR = str.maketrans("()[]{}<>", ")(][}{><")


def _turn_line(line: str) -> str:
    if language_of(line) != "he":
        return _HEBREW_RUN.sub(lambda run: run.group()[::-1], line)
    turned = line[::-1].translate(_MIRROR)
    return _LTR_RUN.sub(_turn_ltr, turned)


def _turn_ltr(run: re.Match[str]) -> str:
    text = run.group()
    if _LATIN.search(text):
        return text[::-1]
    return " ".join(number[::-1] for number in text.split(" "))


def _turn_words(line: str) -> str:
    return re.sub("[א-ת][א-ת\"'״׳]*", lambda word: word.group()[::-1], line)


def _only_words_turned(lines: Sequence[str]) -> bool:
    """Sentence ends on the right of Hebrew lines: the lines were right, only their words were turned."""
    hebrew = [line.strip() for line in lines if language_of(line) == "he"]
    right = sum(line.endswith((".", ":", "?", "!")) for line in hebrew)
    left = sum(line.startswith((".", ":", "?", "!")) for line in hebrew)
    return right > left
