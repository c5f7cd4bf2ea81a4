"""Path templates match what they say, to the slash."""

from __future__ import annotations

import pytest

from rollout.template import TemplateError, compile_template

CONTACT = "/api/v1/contacts/{contact_uuid}/"


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/api/v1/contacts/c1/", {"contact_uuid": "c1"}),
        ("/api/v1/contacts/a%20b/", {"contact_uuid": "a b"}),
        ("/api/v1/contacts/%FF/", {"contact_uuid": "�"}),
        ("/api/v1/contacts/c1", None),
        ("/api/v1/contacts//", None),
        ("/api/v1/contacts/c1/x/", None),
        ("/api/v1/Contacts/c1/", None),
        ("/api/v1/%63ontacts/c1/", None),
        ("/x/api/v1/contacts/c1/", None),
    ],
)
def test_a_template_matches_whole_paths_only(path: str, params: dict[str, str] | None) -> None:
    assert compile_template(CONTACT).match(path) == params


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("api/{id}/", "begins with a slash"),
        ("/api/{id}x/", "fills a whole segment"),
        ("/api/{1}/", "no parameter name"),
        ("/api/{id}/{id}/", "occurs twice"),
        ("/api/?a=b", "no query"),
        ("/api/{/", "fills a whole segment"),
    ],
)
def test_a_wrong_template_is_refused_with_what_is_right(text: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        compile_template(text)


def test_special_characters_of_literals_are_literal() -> None:
    template = compile_template("/a.b/{id}")
    assert template.match("/a.b/1") == {"id": "1"}
    assert template.match("/axb/1") is None
