"""Which differences one exchange shows."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from comparators.answer import Answer
from comparators.verdict import Outcome, Verdict
from loadtests.replay import signs
from loadtests.replay.asking import Asked
from loadtests.replay.questions import Data, Question
from loadtests.replay.signs import Seen, Sign, World

JSON = ("Content-Type", "application/json")
DATA = Data(
    [{"uuid": "p", "first_name": "José", "title": "VP Sales", "stage": "_", "linkedin_url": "li.com/in/ada"}],
    [{"uuid": "c", "name": "Acme", "address": None}],
)
WORLD = signs.world_of(DATA)


def seen(
    target: str = "/contacts/p/",
    body: Any = None,
    *,
    endpoint: str = "contact",
    outcome: Outcome = Outcome.MATCH,
    declined: str | None = None,
    counts: dict[str, int] | None = None,
    status: int = 200,
    url: str | None = None,
) -> Seen:
    asked = None if url is None else orjson.dumps({"url": url})
    question = Question(endpoint, "GET", target, asked)
    legacy = Answer(status, (JSON, ("X-Process-Time", "1")), orjson.dumps(body))
    candidate = Answer(status, (JSON, ("X-Process-Time", "2")), orjson.dumps(body))
    verdict = None if declined is not None else Verdict(outcome, counts=counts or {})
    return Seen(Asked(question, legacy, candidate, verdict, declined), WORLD)


FOUND = {"results": [{"uuid": "p"}]}


@pytest.mark.parametrize(
    ("sign", "shows", "does_not"),
    [
        (signs.took("known gap [].", "contact"), seen(counts={"known gap [].x": 1}), seen(counts={"trim": 1})),
        (signs.took("trim", "contact"), seen(counts={"trim": 1}), seen(counts={"trim": 1}, endpoint="company")),
        (signs.gave_up("parameter search$"), seen(declined="parameter search"),
         seen(declined="parameter search: nothing to look for")),
        (signs.gave_up(".", status=422), seen(declined="parameter limit", status=422),
         seen(declined="parameter limit")),
        (signs.gave_up(".", asked="ordering", like=lambda text: text == "title"),
         seen("/?ordering=title", declined="parameter ordering"), seen("/?ordering=x", declined="parameter ordering")),
        (signs.asked(["title"], like=lambda text: "," in text), seen("/?title=a,b", FOUND), seen("/?title=a", FOUND)),
        (signs.asked(["title"]), seen("/?title=a", FOUND), seen("/?title=a", {"results": []})),
        (signs.asked(["title"]), seen("/?title=a", FOUND), seen("/?title=a", FOUND, outcome=Outcome.MISMATCH)),
        (signs.held("results[].uuid", bool), seen(body=FOUND), seen(body={"results": [{"uuid": None}]})),
        (signs.held("", bool), seen(body=["a"]), seen(body=[])),
        (signs.held("detail", bool, status=404), seen(body={"detail": "x"}, status=404), seen(body={"detail": "x"})),
        (signs.stored(lambda value: value == "_"), seen("/contacts/p/"), seen("/companies/c/")),
        (signs.within_words(), seen("/?title=ales", FOUND), seen("/?title=sales", FOUND)),
        (signs.other_address(), seen(url="LI.com/in/ada", body=FOUND), seen(url=" li.com/in/ada", body=FOUND)),
        (signs.field_differs("x-process-time"), seen(), seen(outcome=Outcome.MISMATCH)),
    ],
)  # fmt: skip
def test_a_sign_is_there_or_not(sign: Sign, shows: Seen, does_not: Seen) -> None:
    assert (sign(shows), sign(does_not)) == (True, False)


def test_an_answer_that_is_no_json_holds_nothing() -> None:
    one = Asked(Question("e", "GET", "/"), Answer(200, (), b"a,b"), Answer(200, (), b"a,b"), Verdict(Outcome.MATCH))
    assert not signs.held("", bool)(Seen(one, World()))
