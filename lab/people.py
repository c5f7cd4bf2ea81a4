"""Generated people and companies: seeded, any size, with the nasty values that real data have. Nobody of them exists.

Rows are plain mappings of the tables' columns, made one after the other, so that any number fits into memory.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]

FIRST = ("Ann", "Bea", "Cem", "Dora", "Emil", "Finn", "Gila", "Hugo", "Ida", "José", "Zoë", "Łukasz", "D'Arcy", "Ayşe")
LAST = ("Roe", "Doe", "O'Neil", "García", "Müller", "Sato", "van Dyk", "Nowak", "Silva", "Ito", "Smith-Jones", "Çelik")
TITLES = (
    "CEO",
    "VP Sales",
    "vp sales",
    "Head of Head of Data",
    "Software Engineer",
    "Director",
    "Sales Manager",
    "CTO",
)
DEPARTMENTS = ("Sales", "Engineering", "Marketing", "HR", "C-Suite", "Finance & Legal", "")
SENIORITIES = ("vp", "svp", "cxo", "director", "manager", "entry", "_", None)
STATUSES = ("verified", "unverified", "valid", "catch-all", None)
CITIES = (
    ("Berlin", "Berlin", "Germany"), ("Paris", "Île-de-France", "France"), ("New York", "NY", "United States"),
    ("San Luis Obispo", "CA", "United States"), ("Rome", "Lazio", "Italy"), ("São Paulo", "SP", "Brazil"),
)  # fmt: skip
INDUSTRIES = ("Software", "Consulting", "Retail, Wholesale", "Health", "Energy")
TECHNOLOGIES = ("Python", "Go", "Java", "JavaScript", "PostgreSQL", "C++", "")
STEMS = ("Acme", "Globex", "Initech", "Umbra", "Vento", "Quark", "Nimbus", "Sample Works", "Öko", "R&D")
BIG = 1_200
"""Contacts of the one company that has more than a thousand."""
BASE = datetime(2024, 1, 1)  # noqa: DTZ001 - the tables' timestamps are naive


def company_uuid(number: int) -> str:
    """The uuid of the company `number` (1, 2, …)."""
    return f"c0000000-0000-4000-8000-{number:012d}"


def contact_uuid(number: int) -> str:
    """The uuid of the contact `number`."""
    return f"a0000000-0000-4000-8000-{number:012d}"


def user_uuid(number: int) -> str:
    """The uuid of the user `number`: the `sub` of a token."""
    return f"11111111-0000-4000-8000-{number:012d}"


def _moment(rng: random.Random, number: int) -> datetime:
    """Whole seconds for some, microseconds for others."""
    at = BASE + timedelta(minutes=number, seconds=rng.randrange(60))
    return at + timedelta(microseconds=rng.randrange(1, 1_000_000)) if rng.random() < 0.4 else at


def _some(rng: random.Random, values: tuple[str, ...]) -> list[str] | None:
    chance = rng.random()
    if chance < 0.1:
        return None
    if chance < 0.2:
        return []
    return rng.sample(values, rng.randint(1, min(3, len(values))))


def _odd(rng: random.Random, text: str) -> str | None:
    """The value, or now and then what real data hold in its place."""
    chance = rng.random()
    if chance < 0.90:
        return text
    apart = unicodedata.normalize("NFD", text)  # accents as signs of their own, as some editors write them
    choices = (None, "", "_", f'"{text}"', f"'{text}'", f" {text} ", f"\"'{text}'\"", apart)
    return choices[int((chance - 0.90) / 0.10 * len(choices))]


def _number(rng: random.Random, top: int) -> int | None:
    chance = rng.random()
    return None if chance < 0.1 else 0 if chance < 0.2 else rng.randrange(1, top)


def _profile(rng: random.Random, kind: str, slug: str) -> str | None:
    """One profile address in the many spellings that people paste."""
    forms = (
        "https://www.linkedin.com/{0}/{1}", "http://linkedin.com/{0}/{1}/", "linkedin.com/{0}/{1}", "_", None,
        "https://www.linkedin.com/{0}/{1}?trk=x", "HTTPS://WWW.LINKEDIN.COM/{0}/{1}",
    )  # fmt: skip
    form = rng.choices(forms, (60, 10, 8, 4, 4, 7, 7))[0]
    return None if form is None else form.format(kind, slug)


def companies(number: int, seed: int) -> Iterator[tuple[Row, Row | None]]:
    """`number` companies, each with its metadata row or None."""
    rng = random.Random(f"companies {seed}")
    for at in range(1, number + 1):
        stem = STEMS[at % len(STEMS)]
        slug = f"{stem.lower().replace(' ', '-').replace('&', '')}-{at}"
        city, state, country = CITIES[at % len(CITIES)]
        created = _moment(rng, at)
        row = {
            "id": at, "uuid": company_uuid(at), "name": _odd(rng, f"{stem} {at}"),
            "employees_count": _number(rng, 5_000), "industries": _some(rng, INDUSTRIES),
            "keywords": _some(rng, ("saas", "b2b", "a, b", "cloud")), "address": _odd(rng, f"{at} Main St, {city}"),
            "annual_revenue": _number(rng, 10**9), "total_funding": _number(rng, 10**8),
            "technologies": _some(rng, TECHNOLOGIES), "text_search": f"{city}, {state}, {country}",
            "created_at": created, "updated_at": None if rng.random() < 0.2 else _moment(rng, at + 9),
        }  # fmt: skip
        yield row, None if rng.random() < 0.08 else _company_metadata(rng, at, slug)


def _company_metadata(rng: random.Random, at: int, slug: str) -> Row:
    city, state, country = CITIES[at % len(CITIES)]
    raised = rng.random() < 0.5
    return {
        "uuid": company_uuid(at), "linkedin_url": _profile(rng, "company", slug), "linkedin_sales_url": None,
        "facebook_url": _odd(rng, f"https://facebook.com/{slug}"), "twitter_url": _odd(rng, f"https://twitter.com/{slug}"),
        "website": _odd(rng, f"https://www.company{at}.example"), "normalized_domain": f"company{at}.example",
        "company_name_for_emails": _odd(rng, slug), "phone_number": rng.choice((None, f"'+49 30 {at:06d}")),
        "latest_funding": "Series A" if raised else None,
        "latest_funding_amount": _number(rng, 10**7) if raised else None,
        "last_raised_at": "2023-05-01" if raised else None, "city": _odd(rng, city), "state": _odd(rng, state),
        "country": _odd(rng, country),
    }  # fmt: skip


def contacts(number: int, company_count: int, seed: int) -> Iterator[tuple[Row, Row | None]]:
    """`number` contacts, each with its metadata row or None. Company 1 has BIG of them, if there are so many."""
    rng = random.Random(f"contacts {seed}")
    big = min(BIG, number // 10)
    for at in range(1, number + 1):
        first, last = FIRST[rng.randrange(len(FIRST))], LAST[rng.randrange(len(LAST))]
        slug = f"{first}-{last}-{at:06d}"[: 5 if at % 97 == 0 else None].lower().replace(" ", "").replace("'", "")
        city, state, country = CITIES[rng.randrange(len(CITIES))]
        row = {
            "id": at, "uuid": contact_uuid(at), "first_name": _odd(rng, first), "last_name": _odd(rng, last),
            "company_id": _company_of(rng, at, big, company_count), "email": _odd(rng, f"{slug}@company.example"),
            "title": _odd(rng, rng.choice(TITLES)), "departments": _some(rng, DEPARTMENTS),
            "mobile_phone": rng.choice((None, "", "_", f"'+1 555 {at:07d}", f"+1 555 {at:07d}")),
            "email_status": rng.choice(STATUSES), "text_search": f"{city}, {state}, {country}",
            "created_at": _moment(rng, at), "updated_at": None if rng.random() < 0.2 else _moment(rng, at + 7),
            "seniority": rng.choice(SENIORITIES), "status": "_",
        }  # fmt: skip
        yield row, None if rng.random() < 0.08 else _contact_metadata(rng, at, slug, (city, state, country))


def _company_of(rng: random.Random, at: int, big: int, company_count: int) -> str | None:
    if at <= big:
        return company_uuid(1)
    chance = rng.random()
    if chance < 0.03:
        return None
    if chance < 0.05:
        return company_uuid(10**9 + at)  # dangling: there is no such company
    return company_uuid(rng.randint(min(2, company_count), company_count))


def _contact_metadata(rng: random.Random, at: int, slug: str, where: tuple[str, str, str]) -> Row:
    return {
        "uuid": contact_uuid(at), "linkedin_url": _profile(rng, "in", slug), "linkedin_sales_url": "_",
        "facebook_url": rng.choice(("_", None, f"https://facebook.com/{slug}")),
        "twitter_url": rng.choice(("_", None, f"https://twitter.com/{slug}")),
        "website": _odd(rng, f"https://{at}.example"), "work_direct_phone": rng.choice(("_", f"'+33 1 {at:06d}")),
        "home_phone": rng.choice(("_", None, f"+33 2 {at:06d}")), "city": _odd(rng, where[0]),
        "state": _odd(rng, where[1]), "country": _odd(rng, where[2]), "other_phone": "_",
        "stage": rng.choice(("_", None, "won", "lost")),
    }  # fmt: skip


def users(number: int) -> Iterator[tuple[Row, Row]]:
    """`number` users with their profiles. They have no password: tokens are made with the lab's secret."""
    for at in range(1, number + 1):
        uuid = user_uuid(at)
        user = {
            "id": uuid,
            "uuid": uuid,
            "email": f"user{at}@lab.example",
            "hashed_password": "!",
            "name": f"User {at}",
        }
        yield user, {"user_id": uuid, "role": "ProUser" if at % 2 else "FreeUser", "credits": 1_000_000}
