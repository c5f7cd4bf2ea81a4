"""The contacts of one company: list, count, uuids and attribute values (contract §6.3 to §6.6)."""

from __future__ import annotations

from lab.legacy import shapes
from lab.legacy.bodies import paging
from lab.legacy.contact_filters import contacts_where, count_flavour, list_flavour
from lab.legacy.contacts import fetch_people, fetch_uuids
from lab.legacy.http import Answer, Call, Crash, Failure, ok
from lab.legacy.ordering import UnknownOrdering, contact_keys, order_by
from lab.legacy.pages import page, uuids, window
from lab.legacy.paging import resolve
from lab.legacy.parameters import AttributeParameters, CompanyContactFilters, read
from lab.legacy.quirks import Quirk
from lab.legacy.sql import Where
from lab.legacy.state import Lab

ATTRIBUTES = ("first_name", "last_name", "title", "seniority", "department", "email_status")
_EXISTS = "SELECT 1 FROM companies WHERE uuid = $1"


async def listing(lab: Lab, call: Call) -> Answer:
    """GET /api/v1/companies/company/{company_uuid}/contacts/"""
    filters = read(CompanyContactFilters, call)
    await lab.users.authenticate(call, lab.pool)
    limit, offset = paging(call)
    where_to = resolve(
        limit,
        offset,
        page=filters.page,
        page_size=filters.page_size,
        cursor=filters.cursor,
        cap=None,
        quirks=lab.quirks,
    )
    uuid = call.params[0]
    order = await _order(lab, filters.ordering, uuid)
    where = contacts_where(filters, lab.quirks, list_flavour(lab.quirks), uuid)
    people = await fetch_people(lab, where, order, where_to.size, where_to.offset)
    if not people or people[0].company is None:  # any row shows whether the company exists; none shows nothing
        await _must_exist(lab, uuid)
    return page(call, where_to, [shapes.contact_list_item(found) for found in people], lab.quirks, None)


async def count(lab: Lab, call: Call) -> Answer:
    """GET …/contacts/count/"""
    filters = read(CompanyContactFilters, call)
    await lab.users.authenticate(call, lab.pool)
    where = contacts_where(filters, lab.quirks, count_flavour(lab.quirks), call.params[0])
    query = f"""SELECT EXISTS (SELECT 1 FROM companies WHERE uuid = $1),
        (SELECT count(c.id) FROM contacts c {where.text()})"""
    row = await lab.pool.fetchrow(query, *where.parameters)
    if row is None or not row[0]:
        raise Failure(404, "Company not found")
    return ok({"count": row[1]})


async def uuid_list(lab: Lab, call: Call) -> Answer:
    """GET …/contacts/count/uuids/"""
    filters = read(CompanyContactFilters, call)
    await lab.users.authenticate(call, lab.pool)
    limit, offset = paging(call)
    if Quirk.COMPANY_UUIDS_FAIL in lab.quirks:
        raise Crash("one argument too many (LQ-06)")
    await _must_exist(lab, call.params[0])
    where = contacts_where(filters, lab.quirks, count_flavour(lab.quirks), call.params[0])
    return uuids(await fetch_uuids(lab, where, limit, offset))


async def attribute(lab: Lab, call: Call) -> Answer:
    """GET …/contacts/{first_name|last_name|title|seniority|department|email_status}/: raw values, a bare array."""
    name = call.params[1]
    filters = read(CompanyContactFilters, call)
    wanted = read(AttributeParameters, call)
    await lab.users.authenticate(call, lab.pool)
    await _must_exist(lab, call.params[0])
    if Quirk.NEGATIVE_FAILS not in lab.quirks and (wanted.offset < 0 or (wanted.limit or 0) < 0):
        raise Failure(400, "Input should be greater than or equal to 0")
    where = contacts_where(filters, lab.quirks, list_flavour(lab.quirks), call.params[0])
    if name == "department":
        source, values = _departments(where)
    else:
        source, values = f"SELECT c.{name} AS v FROM contacts c {where.text()}", where.inner()
    values.add("v IS NOT NULL")
    values.add("v <> ''")
    term = (wanted.search or "").strip()
    if term:
        values.add(values.any_like("v", [term]))
    distinct = "DISTINCT " if wanted.distinct else ""
    direction = "DESC" if (wanted.ordering or "").startswith("-") else "ASC"
    cut = window(
        values.bind(wanted.limit) if wanted.limit else None, values.bind(wanted.offset) if wanted.offset else None
    )
    query = f"SELECT {distinct}v FROM ({source}) s {values.text()} ORDER BY v {direction}{cut}"
    return ok([row[0] for row in await lab.pool.fetch(query, *where.parameters)])


def _departments(where: Where) -> tuple[str, Where]:
    """The elements of the array, flattened."""
    where.add("c.departments IS NOT NULL")
    return f"SELECT unnest(c.departments) AS v FROM contacts c {where.text()}", where.inner()


async def _order(lab: Lab, ordering: str | None, company: str) -> str:
    """The original looks for the company first, and only then fails at an unknown key (LQ-21)."""
    try:
        return order_by(ordering, contact_keys(lab.quirks), lab.last("c.id"), lab.tie("c.id"))
    except UnknownOrdering as error:
        await _must_exist(lab, company)
        if Quirk.ORDERING_FAILS in lab.quirks:
            raise Crash("an unknown ordering key (LQ-21)") from None
        raise Failure(400, f"Unknown ordering field: {error}") from None


async def _must_exist(lab: Lab, company: str) -> None:
    if await lab.pool.fetchval(_EXISTS, company) is None:
        raise Failure(404, "Company not found")
