"""Which documents answer a query, best first, and the line of each that shows why. Pure but for reading the index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.domain.artifact import Document
from engine.ports.documents import DocumentQuery
from integrations.local_workspace.dates import Span, month_names, month_number
from integrations.local_workspace.hebrew import is_hebrew, sounds_like, variants, words
from integrations.local_workspace.index import DocumentIndex, IndexedDocument

SNIPPET_CHARACTERS = 240

_EXACT, _STEM, _MONTH, _SOUND, _BEGINNING, _FRAGMENT = 1.0, 0.85, 0.8, 0.6, 0.5, 0.3
_ALIKE = 0.6
"""Two spellings of one name in two scripts sound at least this much alike."""
_MOST_SPELLINGS = 8
_NAMES_ONLY = 0.7
"""Weight of a document that only mentions the period."""
_AGENDA = 0.4
"""Weight of what the product wrote itself: it quotes, it is not a source."""
_EMPTY_WORDS = frozenset(
    (  # noqa: SIM905 - as a list it would be one word a line
        "the a an of in at on to and or for with what we did do is our about file files document documents "
        "מה של את על עם אנחנו אני זה הוא היא או גם כל קובץ קבצים מסמך מסמכים"
    ).split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """One wanted word or phrase: full-text expressions with weights, and the words to look for in a line."""

    expressions: tuple[tuple[float, str], ...]
    spellings: frozenset[str]
    fragments: tuple[str, ...]
    month: int | None = None


def rank(index: DocumentIndex, query: DocumentQuery) -> tuple[Document, ...]:
    """The best documents for a query.

    A document scores for each term it has, the more the rarer the term and the nearer its form; a period drops what
    lies outside it, unless nothing lies inside. Equal scores: the newest first, then by path.
    """
    documents = index.documents()
    terms = _terms(index, query.terms)
    scores = _scores(index, terms, documents, query)
    if not scores and _has_period(query):
        scores = dict.fromkeys(documents, 0.05)
    kept = _within(scores, documents, query) if _has_period(query) else scores
    for row in kept:
        kept[row] *= _AGENDA if documents[row].agenda else 1.0
    best = sorted(kept, key=lambda row: (-kept[row], -documents[row].modified.timestamp(), documents[row].path))
    return tuple(_shown(index, documents[row], terms, kept[row]) for row in best[: max(0, query.limit)])


def _terms(index: DocumentIndex, wanted: Iterable[str]) -> list[_Term]:
    split = [found for found in (words(term) for term in wanted) if found]
    telling = [found for found in split if not _EMPTY_WORDS.issuperset(found)]
    return [_phrase(index, found) if len(found) > 1 else _word(index, found[0]) for found in telling or split]


def _word(index: DocumentIndex, word: str) -> _Term:
    forms = variants(word)
    expressions = [(_EXACT, f'{{title body}} : "{word}"'), (_STEM, _any(forms))]
    spellings = {*forms}
    month = month_number(word)
    if month is not None:
        names = month_names(month)
        expressions.append((_MONTH, _any(names)))
        spellings.update(names)
    sounding = _sounding(index, forms)
    if sounding:
        expressions.append((_SOUND, _any(sounding)))
        spellings.update(sounding)
    if is_hebrew(forms[-1]) and len(forms[-1]) >= 4:
        beginning = forms[-1][:-1] if forms[-1][-1] in "הת" and len(forms[-1]) >= 5 else forms[-1]
        expressions.append((_BEGINNING, f'"{beginning}"*'))
    fragments = tuple(form for form in forms if len(form) >= 3)
    return _Term(expressions=tuple(expressions), spellings=frozenset(spellings), fragments=fragments[-1:], month=month)


def _phrase(index: DocumentIndex, phrase: list[str]) -> _Term:
    """The whole phrase counts most; each of its words counts its share."""
    telling = [word for word in phrase if word not in _EMPTY_WORDS] or phrase
    parts = [_word(index, word) for word in telling[:8]]
    whole = (_EXACT * 1.5, '{title body} : "' + " ".join(phrase) + '"')
    both = (_EXACT, " AND ".join(f"({_any(variants(word))})" for word in telling[:8]))
    shares = [(weight / len(parts), expression) for part in parts for weight, expression in part.expressions]
    return _Term(
        expressions=(whole, both, *shares),
        spellings=frozenset[str]().union(*(part.spellings for part in parts)),
        fragments=(" ".join(phrase),),
        month=next((part.month for part in parts if part.month is not None), None),
    )


def _sounding(index: DocumentIndex, forms: Sequence[str]) -> list[str]:
    """The documents' words that are this name in the other script, most alike first."""
    found: dict[str, float] = {}
    for form in forms:
        if form.isdigit() or len(form) < 3:
            continue
        for other in index.spelled_like(form):
            if is_hebrew(other) != is_hebrew(form):
                found[other] = max(found.get(other, 0.0), sounds_like(form, other))
    alike = [word for word, ratio in found.items() if ratio >= _ALIKE]
    return sorted(alike, key=lambda word: (-found[word], word))[:_MOST_SPELLINGS]


def _any(alternatives: Iterable[str]) -> str:
    return " OR ".join(f'"{word}"' for word in alternatives)


def _scores(
    index: DocumentIndex, terms: list[_Term], documents: dict[int, IndexedDocument], query: DocumentQuery
) -> dict[int, float]:
    total: dict[int, float] = {}
    for term in terms:
        for row, score in _term_scores(index, term, documents, query).items():
            total[row] = total.get(row, 0.0) + score / len(terms)
    return total


def _term_scores(
    index: DocumentIndex, term: _Term, documents: dict[int, IndexedDocument], query: DocumentQuery
) -> dict[int, float]:
    if term.month is not None and _has_period(query):
        # The period says it better than the word: a dated document need not name its month.
        return {row: _MONTH for row, document in documents.items() if _any_overlap(document.dated, query)}
    scores: dict[int, float] = {}
    for weight, expression in term.expressions:
        for row, fit in index.matches(expression).items():
            scores[row] = max(scores.get(row, 0.0), weight * (1.0 + fit / (fit + 2.0)))
    if not scores:
        for fragment in term.fragments:
            scores.update(dict.fromkeys(index.containing(fragment), _FRAGMENT))
    return scores


def _within(scores: dict[int, float], documents: dict[int, IndexedDocument], query: DocumentQuery) -> dict[int, float]:
    inside: dict[int, float] = {}
    for row, score in scores.items():
        if _any_overlap(documents[row].dated, query):
            inside[row] = score
        elif _any_overlap(documents[row].names, query):
            inside[row] = score * _NAMES_ONLY
    return inside or scores


def _has_period(query: DocumentQuery) -> bool:
    return query.since is not None or query.until is not None


def _any_overlap(spans: Iterable[Span], query: DocumentQuery) -> bool:
    return any(span.overlaps(query.since, query.until) for span in spans)


def _shown(index: DocumentIndex, document: IndexedDocument, terms: list[_Term], score: float) -> Document:
    line, text = _best_line(index.lines(document.row), terms)
    return Document(
        path=document.path,
        title=document.title,
        modified=document.modified,
        snippet=text if len(text) <= SNIPPET_CHARACTERS else text[: SNIPPET_CHARACTERS - 1] + "…",
        line=line,
        score=round(score, 4),
    )


def _best_line(lines: Sequence[str], terms: list[_Term]) -> tuple[int | None, str]:
    """The first line with most terms; a heading only where no other line has as many."""
    best: tuple[float, int] = (0.0, 0)
    for number, line in enumerate(lines[:5_000], 1):
        present = {form for word in words(line) for form in variants(word)}
        hits = float(sum(not term.spellings.isdisjoint(present) for term in terms))
        hits -= 0.5 if hits and line.startswith("#") else 0.0
        if hits > best[0]:
            best = (hits, number)
    if best[1]:
        return best[1], lines[best[1] - 1].strip()
    first = next(((number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()), None)
    return first or (None, "")
