"""text_matches: each condition as the set of documents that satisfy it."""

from __future__ import annotations

from collections.abc import Sequence

from lab.connectra import analysis, clauses, fuzzy
from lab.connectra.bodies import TextMatch
from lab.connectra.errors import EngineRefused
from lab.connectra.index import Index
from lab.connectra.phrases import Alternatives, holds
from lab.connectra.postings import NOTHING, Docs, KeywordField, NumberField, TextField

SEARCH_TYPES = ("exact", "shuffle", "substring")


def matching(index: Index, condition: TextMatch) -> Docs:
    """One condition with a known search type. Raises EngineRefused for a bad operator, slop, field or value."""
    exact = condition.search_type == "exact"
    if exact and condition.slop < 0:
        raise EngineRefused("No negative slop allowed.")
    operator = condition.operator.lower()
    if not exact and operator not in ("and", "or"):
        raise EngineRefused(f"operator needs to be either and or or, but not [{condition.operator}]")
    if not condition.field:
        raise EngineRefused("field name is null or empty")
    name, grams = condition.field, condition.search_type == "substring"
    if name.endswith(".ngram") and not grams:
        name, grams = name.removesuffix(".ngram"), True
    field = index.fields.get(name)
    if isinstance(field, TextField):
        if exact:
            return _phrase(index, name, field, condition, grams=grams)
        return _words(field, condition, every=operator == "and", grams=grams)
    if field is None or grams:
        return _by_id(index, condition) if name == "_id" and not grams else NOTHING
    return _whole(index, name, field, condition, exact=exact)


def _by_id(index: Index, condition: TextMatch) -> Docs:
    """A condition on `_id`: the uuid itself."""
    number = index.numbers.get(condition.text)
    return NOTHING if number is None else {number}


def _whole(index: Index, name: str, field: KeywordField | NumberField, condition: TextMatch, *, exact: bool) -> Docs:
    """Keyword, long and date fields: the text is one value."""
    if isinstance(field, NumberField):
        if not exact:
            raise EngineRefused(f"Can only use fuzzy queries on keyword and text fields - not on [{name}]")
        return clauses.keyword(index, name, condition.text)
    if exact or not condition.fuzzy:
        return field.having(condition.text)
    return field.any_of(fuzzy.expansions(condition.text, field.documents))


def _words(field: TextField, condition: TextMatch, *, every: bool, grams: bool) -> Docs:
    found: list[Docs] = []
    for token in analysis.tokens(condition.text):
        if grams:
            pieces = analysis.grams(token)
            if pieces:
                found.append(field.any_of({word for gram in pieces for word in field.grams.get(gram, ())}))
        elif condition.fuzzy:
            found.append(field.any_of(fuzzy.expansions(token, field.documents)))
        else:
            found.append(field.having(token))
    if not found:
        return NOTHING
    return set.intersection(*sorted(found, key=len)) if every else set().union(*found)


def _phrase(index: Index, name: str, field: TextField, condition: TextMatch, *, grams: bool) -> Docs:
    tokens = analysis.tokens(condition.text)
    phrase = [frozenset(analysis.grams(token)) if grams else frozenset((token,)) for token in tokens]
    each = [
        field.any_of({word for gram in terms for word in field.grams.get(gram, ())}) if grams else field.having(token)
        for token, terms in zip(tokens, phrase, strict=True)
        if terms
    ]
    if not each:
        return NOTHING
    candidates = set.intersection(*sorted(each, key=len))
    if len(each) == 1:
        return candidates
    return {number for number in candidates if _in(index, name, number, phrase, condition.slop, grams=grams)}


def _in(index: Index, name: str, number: int, phrase: list[Alternatives], slop: int, *, grams: bool) -> bool:
    held = analysis.tokens(index.documents[number].source[name])
    words: Sequence[Alternatives] = [
        frozenset(analysis.grams(token)) if grams else frozenset((token,)) for token in held
    ]
    return holds(words, phrase, slop)
