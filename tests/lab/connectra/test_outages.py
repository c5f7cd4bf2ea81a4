"""Every route in every outage, as §2.1, §7.3, §7.4 and §8.6 of the contract have it."""

from __future__ import annotations

import json

import pytest

from lab.connectra.edge import Asked, Bucket, Edge, Reply
from lab.connectra.engine import Engine
from lab.connectra.errors import Ended
from lab.connectra.outages import DATABASE_REFUSED, ENGINE_REFUSED, POOLED
from lab.connectra.switches import Switches
from tests.support.standin import filled

FIRM = "53a8d655-c38a-5551-bcb0-a6816ec9b42c"
PERSON = "c33b2d13-b87c-5b60-b197-eac801b5bef8"
NO_HITS = '{"where":{"keyword_match":{"must":{"uuid":"none"}}}}'
DIES = -1
FETCH = "ERR_DATA_FETCH_FAILED"
RAW = '{"data":[{"email":"a@b.c","seniority":"vp","company_city":"x"}]}'

# the request; then the status when all is up, with the database down, with the engine down, with an engine never met
ROUTES = {
    "health": ("GET /health", "", 200, 200, 200, 200),
    "contact search": ("POST /contacts/", "{}", 200, 500, 500, 500),
    "contact search without hits": ("POST /contacts/", NO_HITS, 200, 200, 500, 500),
    "contact search with companies": ("POST /contacts/", '{"company_config":{"populate":true}}', 200, 500, 500, 500),
    "contact search the engine refuses": ("POST /contacts/", '{"cursor":["x"]}', 500, 500, 500, 500),
    "contact search, page too long": ("POST /contacts/", '{"limit":101}', 400, 400, 400, 400),
    "contact search, bad body": ("POST /contacts/", "{bad", 400, 400, 400, 400),
    "company search": ("POST /companies/", "{}", 200, 500, 500, 500),
    "company search without hits": ("POST /companies/", NO_HITS, 200, 200, 500, 500),
    "company search, page out of range": ("POST /companies/", '{"page":11}', 400, 400, 400, 400),
    "contact count": ("POST /contacts/count", "{}", 200, 200, 500, 500),
    "company count": ("POST /companies/count", "{}", 200, 200, 500, 500),
    "company count, page too long": ("POST /companies/count", '{"limit":101}', 400, 400, 400, 400),
    "contact upsert": ("POST /contacts/batch-upsert", '[{"uuid":"x"}]', 200, 500, 200, DIES),
    "contact upsert with a company": (
        "POST /contacts/batch-upsert", f'[{{"uuid":"x","company_id":"{FIRM}"}}]', 200, 400, 200, DIES,
    ),
    "contact upsert of nothing": ("POST /contacts/batch-upsert", "[]", 200, 500, 200, DIES),
    "contact upsert of a null": ("POST /contacts/batch-upsert", "[null]", 500, 500, 500, 500),
    "contact upsert, bad body": ("POST /contacts/batch-upsert", "{}", 400, 400, 400, 400),
    "company upsert": ("POST /companies/batch-upsert", '[{"uuid":"x"}]', 200, 500, 200, DIES),
    "raw upsert": ("POST /common/batch-upsert", RAW, 200, 500, 500, DIES),
    "raw upsert of nothing": ("POST /common/batch-upsert", '{"data":[]}', 400, 400, 400, 400),
    "filters": ("GET /common/contact/filters", "", 200, 500, 200, 200),
    "filters of no service": ("GET /common/jobs/filters", "", 500, 500, 500, 500),
    "filter data": ("POST /common/company/filters/data", '{"filter_key":"city"}', 200, 500, 200, 200),
    "filter data, page too long": ("POST /common/company/filters/data", '{"limit":101}', 400, 400, 400, 400),
    "jobs": ("POST /common/jobs", "{}", 200, 500, 200, 200),
    "jobs, bad limit": ("POST /common/jobs", '{"limit":101}', 400, 400, 400, 400),
    "a job": ("POST /common/jobs/create", '{"job_type":"x","job_data":{}}', 201, 500, 201, 201),
    "a job, incomplete": ("POST /common/jobs/create", "{}", 400, 400, 400, 400),
    "upload address": ("GET /common/upload-url?filename=a.csv", "", 200, 200, 200, 200),
    "unknown path": ("GET /nope", "", 404, 404, 404, 404),
    "redirect": ("POST /contacts", "{}", 307, 307, 307, 307),
}
OUTAGES = {
    "all up": (2, {}),
    "database down": (3, {"database": "down"}),
    "database down at start": (3, {"database": "down_at_start"}),
    "engine down": (4, {"engine": "down"}),
    "engine down at start": (5, {"engine": "down_at_start"}),
}


class Standin:
    """A service with one contact and its company, and switches to turn."""

    def __init__(self) -> None:
        self.engine = filled("company", [{"uuid": FIRM, "name": "Sample Works", "city": "oslo"}])
        for service, key in (("contact", "seniority"), ("company", "city")):
            self.engine.filters.add(
                {"key": key, "service": service, "filter_type": "keyword", "display_name": key,
                 "direct_derived": False, "active": True}
            )
        filled("contact", [{"uuid": PERSON, "company_id": FIRM, "seniority": "vp"}], self.engine)
        self.switches = Switches()
        self.outages = self.switches.outages
        self._edge = Edge(self.engine, "k", Bucket(None))
        self._edge.obey(self.switches)

    def ask(self, request: str, body: str = "") -> Reply:
        method, _, target = request.partition(" ")
        path, _, query = target.partition("?")
        return self._edge.answer(Asked(method, path, query, {"X-API-Key": "k"}, body.encode()), 0.0)

    def status(self, request: str, body: str = "") -> int:
        try:
            return self.ask(request, body).status
        except Ended:
            return DIES


@pytest.fixture
def standin() -> Standin:
    return Standin()


def error(reply: Reply) -> str:
    return str(json.loads(reply.body)["error"])


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.parametrize("route", ROUTES)
def test_a_route_in_an_outage(standin: Standin, route: str, outage: str) -> None:
    column, states = OUTAGES[outage]
    standin.outages.turn(**states, pooled=0)
    row = ROUTES[route]
    assert standin.status(row[0], row[1]) == row[column]


@pytest.mark.parametrize("route", [name for name, row in ROUTES.items() if row[2] < 400])
@pytest.mark.parametrize("outage", ["database down", "database down at start", "engine down", "engine down at start"])
def test_after_an_outage_all_is_well_again(standin: Standin, route: str, outage: str) -> None:
    standin.outages.turn(**OUTAGES[outage][1], pooled=0)
    standin.outages.turn("up", "up")
    row = ROUTES[route]
    assert standin.status(row[0], row[1]) == row[2]


@pytest.mark.parametrize(
    ("route", "states", "text"),
    [
        ("contact search", {"database": "down"}, FETCH),
        ("contact search with companies", {"database": "down"}, FETCH),
        ("company search", {"database": "down"}, DATABASE_REFUSED),
        ("filters", {"database": "down"}, DATABASE_REFUSED),
        ("jobs", {"database": "down"}, DATABASE_REFUSED),
        ("a job", {"database": "down"}, DATABASE_REFUSED),
        ("contact upsert", {"database": "down"}, DATABASE_REFUSED),
        ("contact upsert with a company", {"database": "down"}, DATABASE_REFUSED),
        ("raw upsert", {"database": "down"}, "failed to initialize batch service"),
        ("filters of no service", {"database": "down"}, "ERR_UNSUPPORTED_SERVICE"),
        ("contact search", {"engine": "down"}, ENGINE_REFUSED),
        ("contact search the engine refuses", {"engine": "down"}, ENGINE_REFUSED),
        ("company count", {"engine": "down"}, ENGINE_REFUSED),
        ("raw upsert", {"engine": "down"}, f"{ENGINE_REFUSED}\n{ENGINE_REFUSED}"),
        ("contact search", {"database": "down", "engine": "down"}, ENGINE_REFUSED),
    ],
)
def test_what_an_outage_says(standin: Standin, route: str, states: dict[str, str], text: str) -> None:
    standin.outages.turn(**states, pooled=0)
    said = error(standin.ask(*ROUTES[route][:2]))
    assert (said.partition(":")[0] if text.startswith("ERR_") else said) == text


@pytest.mark.parametrize("route", ["contact search", "company search", "contact count", "company count"])
def test_a_search_without_a_client_panics_with_an_empty_body(standin: Standin, route: str) -> None:
    standin.outages.turn(engine="down_at_start")
    reply = standin.ask(*ROUTES[route][:2])
    assert (reply.status, reply.body) == (500, b"")


def test_a_write_while_the_engine_is_down_reaches_the_table_alone_and_for_good(standin: Standin) -> None:
    standin.outages.turn(engine="down")
    standin.ask("POST /companies/batch-upsert", '[{"uuid":"new","name":"New"}]')
    standin.outages.turn(engine="up")
    assert "new" in standin.engine.companies.rows
    assert json.loads(standin.ask("POST /companies/count", "{}").body)["count"] == 1


def test_a_write_while_the_database_is_down_reaches_nothing(standin: Standin) -> None:
    standin.outages.turn(database="down", pooled=0)
    standin.ask("POST /companies/batch-upsert", '[{"uuid":"new","name":"New"}]')
    assert (len(standin.engine.companies), len(standin.engine.company_index)) == (1, 1)


def test_a_write_without_a_client_ends_the_process(standin: Standin) -> None:
    standin.outages.turn(engine="down_at_start")
    assert standin.status(*ROUTES["company upsert"][:2]) == DIES
    assert standin.outages.ended
    standin.outages.turn(engine="up")
    assert not standin.outages.ended


def test_with_the_database_down_as_well_the_write_is_refused_before_it_can_end_the_process(standin: Standin) -> None:
    standin.outages.turn("down_at_start", "down_at_start")
    assert standin.status(*ROUTES["company upsert"][:2]) == 500
    assert not standin.outages.ended


@pytest.mark.parametrize("route", ["contact search", "company search", "filters", "filter data", "jobs", "a job"])
def test_each_dead_connection_of_the_pool_spoils_one_statement_after_the_return(standin: Standin, route: str) -> None:
    standin.outages.turn("down")
    standin.outages.turn("up")
    row = ROUTES[route]
    statuses = [standin.status(row[0], row[1]) for _ in range(POOLED + 3)]
    assert statuses == [500] * POOLED + [row[2]] * 3


def test_a_dead_connection_breaks_off_instead_of_being_refused(standin: Standin) -> None:
    standin.outages.turn("down", pooled=1)
    said = [error(standin.ask("POST /companies/", "{}")) for _ in range(2)]
    assert said == ["unexpected EOF", DATABASE_REFUSED]


def test_companies_read_beside_contacts_take_a_second_connection(standin: Standin) -> None:
    standin.outages.turn("down", pooled=4)
    standin.outages.turn("up")
    row = ROUTES["contact search with companies"]
    assert [standin.status(row[0], row[1]) for _ in range(3)] == [500, 500, 200]


@pytest.mark.parametrize("route", ["contact count", "contact search without hits", "health", "jobs, bad limit"])
def test_what_needs_no_database_takes_no_dead_connection(standin: Standin, route: str) -> None:
    standin.outages.turn("up", pooled=1)
    standin.ask(*ROUTES[route][:2])
    assert standin.outages.pooled == 1


def test_a_database_that_was_never_there_leaves_no_dead_connections(standin: Standin) -> None:
    standin.outages.turn("down_at_start")
    standin.outages.turn("up")
    assert standin.status("POST /companies/", "{}") == 200


def test_three_tokens_are_three_answers_whoever_asks() -> None:
    switches = Switches(tokens=3)
    edge = Edge(Engine(), "k", Bucket(None))
    edge.obey(switches)
    asked = [Asked("GET", path, "", {}, b"") for path in ("/health", "/nope", "/health", "/health", "/nope")]
    assert [edge.answer(one, 1000.0 * at).status for at, one in enumerate(asked)] == [401, 401, 401, 429, 429]
    assert edge.answer(Asked("POST", "/contacts", "", {}, b"{}"), 0.0).status == 307
    switches.tokens = None
    assert edge.answer(asked[0], 0.0).status == 401
