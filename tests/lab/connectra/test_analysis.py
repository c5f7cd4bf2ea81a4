"""Tokens and n-grams as the engine's analysers make them."""

from __future__ import annotations

import pytest

from lab.connectra.analysis import grams, tokens


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Head of Sales", "head|of|sales"),
        ("R&D", "r|d"),
        ("node.js", "node.js"),
        ("o'neil", "o'neil"),
        ("o’connor", "o’connor"),
        ("c++", "c"),
        ("e-mail", "e|mail"),
        ("data_engineer", "data_engineer"),
        ("DevOps/SRE", "devops|sre"),
        ("1,000 and 3.14 and 2.0", "1,000|and|3.14|and|2.0"),
        ("a.b.c", "a.b.c"),
        ("www.company-5.example.com", "www.company|5|example.com"),
        ("İpek", "ipek"),
        ("Straße", "straße"),
        ("東京 office", "東|京|office"),
        ("データサイエンティスト", "データサイエンティスト"),
        ("🚀 growth", "🚀|growth"),
        ("___", ""),
        ("", ""),
        (" \t ", ""),
        ("x" * 300, "x" * 255 + "|" + "x" * 45),
    ],
)
def test_the_standard_analyser_splits_at_word_boundaries(text: str, wanted: str) -> None:
    assert "|".join(tokens(text)) == wanted


def test_composed_and_decomposed_accents_are_different_tokens() -> None:
    assert tokens("José") != tokens("Jose\u0301")


def test_a_token_yields_its_grams_of_five_to_ten_characters() -> None:
    assert grams("sales") == {"sales"}
    assert grams("presales") >= {"sales", "presa", "presales"}
    assert max(map(len, grams("internationalisation"))) == 10


def test_a_short_token_yields_no_gram() -> None:
    assert grams("vice") == set()
