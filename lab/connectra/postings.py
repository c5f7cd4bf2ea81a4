"""Inverted indexes: which documents hold a term, for every kind of field."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from lab.connectra import analysis

Term = TypeVar("Term", str, int)
Docs = set[int]
NOTHING: Docs = set()


class Terms(Generic[Term]):
    """Term → documents, with the terms in order for ranges. `present` holds the documents that have a value."""

    def __init__(self) -> None:
        self.documents: dict[Term, Docs] = {}
        self.present: Docs = set()
        self._ordered: list[Term] | None = None

    def add(self, document: int, terms: Iterable[Term]) -> None:
        for term in terms:
            found = self.documents.get(term)
            if found is None:
                self.documents[term] = {document}
                self._ordered = None
                self.appeared(term)
            else:
                found.add(document)

    def remove(self, document: int, terms: Iterable[Term]) -> None:
        for term in terms:
            found = self.documents.get(term)
            if found is not None:
                found.discard(document)
                if not found:
                    del self.documents[term]
                    self._ordered = None
                    self.vanished(term)

    def appeared(self, term: Term) -> None:
        """Called for a term's first document."""

    def vanished(self, term: Term) -> None:
        """Called when a term's last document has gone."""

    def having(self, term: Term) -> Docs:
        """The documents with this term; not to be changed."""
        return self.documents.get(term, NOTHING)

    def any_of(self, terms: Iterable[Term]) -> Docs:
        """The documents with at least one of them; not to be changed."""
        found = [docs for term in terms if (docs := self.documents.get(term))]
        return found[0] if len(found) == 1 else set().union(*found)

    def between(self, low: Term | None, high: Term | None, *, over: bool = False, under: bool = False) -> Docs:
        """The documents with a term from `low` to `high`; `over` and `under` leave out the bound itself."""
        if self._ordered is None:
            self._ordered = sorted(self.documents)
        ordered = self._ordered
        first = 0 if low is None else (bisect_right if over else bisect_left)(ordered, low)
        last = len(ordered) if high is None else (bisect_left if under else bisect_right)(ordered, high)
        return self.any_of(ordered[first:last])


class KeywordField(Terms[str]):
    """A keyword field: each element of the value is a term."""

    def put(self, document: int, value: Any) -> None:
        terms = strings(value)
        if terms:
            self.present.add(document)
            self.add(document, terms)

    def drop(self, document: int, value: Any) -> None:
        self.present.discard(document)
        self.remove(document, strings(value))


class NumberField(Terms[int]):
    """A long, or a date in milliseconds."""

    def put(self, document: int, value: Any) -> None:
        if value is not None:
            self.present.add(document)
            self.add(document, (int(value),))

    def drop(self, document: int, value: Any) -> None:
        self.present.discard(document)
        if value is not None:
            self.remove(document, (int(value),))


class TextField(Terms[str]):
    """A text field with its n-grams, which are kept over the vocabulary: gram → tokens → documents."""

    def __init__(self) -> None:
        super().__init__()
        self.grams: dict[str, set[str]] = {}

    def put(self, document: int, value: Any) -> None:
        if value is not None:
            self.present.add(document)
            self.add(document, set(analysis.tokens(value)))

    def drop(self, document: int, value: Any) -> None:
        self.present.discard(document)
        if value is not None:
            self.remove(document, set(analysis.tokens(value)))

    def appeared(self, term: str) -> None:
        for gram in analysis.grams(term):
            self.grams.setdefault(gram, set()).add(term)

    def vanished(self, term: str) -> None:
        for gram in analysis.grams(term):
            held = self.grams[gram]
            held.discard(term)
            if not held:
                del self.grams[gram]

    def with_gram(self, gram: str) -> Docs:
        """The documents with a token that holds this gram."""
        return self.any_of(self.grams.get(gram, ()))

    def grams_between(self, low: str | None, high: str | None, *, over: bool, under: bool) -> Iterator[str]:
        """The grams in a range, in no order."""
        for gram in self.grams:
            above = low is None or (gram > low if over else gram >= low)
            below = high is None or (gram < high if under else gram <= high)
            if above and below:
                yield gram


def strings(value: Any) -> list[str]:
    """The elements of a keyword value; none for a missing one or an empty list."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    return [element for element in value if element is not None]


Field = KeywordField | NumberField | TextField
