"""Odd requests: whatever legacy reads, refuses or fails at, the gateway answers alike or declines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from comparators.rules import Rules
from loadtests.replay.asking import ask
from loadtests.replay.questions import Question
from tests.support.replay import Both, both, shipped_rules

NINES = "9" * 18
ODD = {
    "NUL": "title=%00 status=%00 keyword_search_fields=%00 unknown=%00 view=%00 search=%00 exclude_company_ids=%00",
    "order": "ordering= ordering=, ordering=%20 ordering=- ordering=created_at, ordering=--created_at ordering=x",
    "limits": f"limit=1e3 limit=%D9%A3 limit=+5 limit=5%1C limit=5.0 limit={NINES} limit={NINES}9 limit=10001 limit=",
    "pages": f"page={NINES}&limit=1000 page=2&limit=5&offset=3 page=+1 page_size=0 page_size=5000 page=2 offset=5",
    "cursors": "cursor=bz0yNQ== cursor=bz0w&limit=5 cursor=&limit=5 cursor=+ cursor=MjU= cursor=25 cursor=bz0w",
    "dates": "created_at_after=2024-02-30 created_at_after=2024-01-01T00:00:00+02:00 created_at_after=1704844800"
    " created_at_before=2024-01-01T00:00:00%2B02:00 created_at_after=NaN updated_at_after= updated_at_after=0001-01-01"
    " created_at_after=2024-02-01&created_at_before=2024-01-01",
    "numbers": "employees=5&employees_count=7 employees_count=abc&employees=5 employees=abc&employees_count=5"
    " employees_count=&employees=5 employees_min=NaN employees_min=%D9%A3 employees_min=9223372036854775808"
    " employees_min=9&employees_max=5 employees_min=00 latest_funding_amount_max=5",
    "aliases": "company=&name=x name=&company=x text_search=&contact_location=x contact_location=&text_search=x",
    "blanks": "email_status=+ city= website=+ company= technologies=+ keywords_and=, departments=+ search=+ title=,"
    " exclude_keywords= exclude_technologies=, exclude_company_name=[] exclude_company_ids=, facebook_url=+",
    "lists": 'exclude_titles=["a%5Cu0000b"] exclude_company_ids=["%5Cud800"] exclude_titles=[1,null,[2]]'
    f" exclude_keywords=[NaN] keyword_search_fields=[{'9' * 5000}] exclude_titles={'[' * 3000}{']' * 3000}",
    "huge": f"email={'1,' * 9000} exclude_seniorities={'a,b' * 9000} title={'a%25' * 3000} first_name={'a,' * 51}",
    "wildcards": "first_name=_ first_name=%25 last_name=%5C last_name=%25%5C title=%C4%B0 title=%C3%9F title=%CE%A3",
    "targets": "title=%FF title=%ED%A0%80 title=a;b %74itle=manager Title=x title &&& = page=1;limit=5",
    "views": "view=simple view=+SIMPLE+&limit=5 view=&view=simple view=x&distinct=maybe",
}
LISTS = ("contacts", "contacts-count", "companies-uuids", "company-contacts", "company-contacts-attribute")


def path(endpoint: str, company: str) -> str:
    of_company = f"/api/v1/companies/company/{company}/contacts/"
    if endpoint.startswith("company-contacts"):
        return of_company + ("title/" if endpoint.endswith("attribute") else "")
    kind, _, tail = endpoint.partition("-")
    return f"/api/v1/{kind}/" + {"count": "count/", "uuids": "count/uuids/"}.get(tail, "")


async def wrong(sides: Both, rules: Mapping[str, Rules], odd: str, tally: Counter[str]) -> list[tuple[str, int, int]]:
    """The targets that are answered in another way than legacy answers them, with both statuses."""
    found = []
    company = str(sides.data.companies[3]["uuid"])
    for endpoint in LISTS:
        for query in odd.split(" "):
            target = f"{path(endpoint, company)}?{query}"
            one = await ask(sides.sides, Question(endpoint, "GET", target), rules[endpoint], datetime.now(UTC).date())
            tally["declined" if one.declined is not None else "answered"] += 1
            if one.declined is not None:
                continue
            alike = one.verdict is not None and one.verdict.outcome.value in ("match", "accepted")
            if not alike or one.candidate.status != one.legacy.status:
                found.append((target[:200], one.candidate.status, one.legacy.status))
    return found


async def test_no_odd_request_is_answered_in_another_way_than_legacy_answers_it(dsn: str) -> None:
    tally, rules = Counter[str](), shipped_rules()
    async with both(dsn, companies=30, contacts=100) as sides:
        found = {kind: await wrong(sides, rules, odd, tally) for kind, odd in ODD.items()}
    assert {kind: targets for kind, targets in found.items() if targets} == {}
    assert min(tally["answered"], tally["declined"]) > 100
