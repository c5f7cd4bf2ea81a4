"""The contact endpoints: detail, list, count, uuids (contract §6.1, §6.7, §6.8)."""

from __future__ import annotations

from lab.legacy import shapes
from lab.legacy.bodies import Checks, paging
from lab.legacy.contact_filters import Flavour, contacts_where
from lab.legacy.http import Answer, Call, Crash, Failure, ok
from lab.legacy.ordering import UnknownOrdering, contact_keys, order_by
from lab.legacy.pages import meta, page, uuids, window
from lab.legacy.paging import MAX_PAGE_SIZE, resolve
from lab.legacy.parameters import ContactFilters, read
from lab.legacy.quirks import Quirk
from lab.legacy.records import PERSON_COLUMNS, PERSON_JOINS, Person, person
from lab.legacy.sql import Where
from lab.legacy.state import Lab

DEFAULT_ORDER = "c.created_at DESC NULLS LAST, c.id DESC"
_ONE = f"SELECT {PERSON_COLUMNS} FROM contacts c {PERSON_JOINS} WHERE c.uuid = $1"


async def detail(lab: Lab, call: Call) -> Answer:
    """GET /api/v1/contacts/{contact_uuid}/"""
    await lab.users.authenticate(call, lab.pool)
    row = await lab.pool.fetchrow(_ONE, call.params[0])
    if row is None:
        raise Failure(404, "Contact not found")
    return ok(shapes.contact_detail(person(row)))


async def listing(lab: Lab, call: Call) -> Answer:
    """GET /api/v1/contacts/"""
    filters = _filters(lab, call)
    await lab.users.authenticate(call, lab.pool)
    limit, offset = paging(call)
    where_to = resolve(
        limit,
        offset,
        page=filters.page,
        page_size=filters.page_size,
        cursor=filters.cursor,
        cap=MAX_PAGE_SIZE,
        quirks=lab.quirks,
    )
    order = _order(lab, filters.ordering)
    where = contacts_where(filters, lab.quirks, Flavour())
    people = await fetch_people(lab, where, order, where_to.size, where_to.offset)
    simple = call.query.get("view", "").strip().lower() == "simple"
    if simple and Quirk.SIMPLE_VIEW_FAILS in lab.quirks:
        raise Crash("an undefined name (LQ-14)")
    shape = shapes.contact_simple_item if simple else shapes.contact_list_item
    about = meta(filters, filters.ordering, where_to, len(people), lab.quirks)
    return page(call, where_to, [shape(found) for found in people], lab.quirks, about)


async def count(lab: Lab, call: Call) -> Answer:
    """GET /api/v1/contacts/count/"""
    filters = _filters(lab, call)
    await lab.users.authenticate(call, lab.pool)
    where = contacts_where(filters, lab.quirks, Flavour())
    counted = await lab.pool.fetchval(f"SELECT count(c.id) FROM contacts c {where.text()}", *where.parameters)
    return ok({"count": counted})


async def uuid_list(lab: Lab, call: Call) -> Answer:
    """GET /api/v1/contacts/count/uuids/ — `offset` is not known here."""
    filters = _filters(lab, call)
    await lab.users.authenticate(call, lab.pool)
    checks = Checks()
    limit = checks.limit(call)
    checks.done()
    where = contacts_where(filters, lab.quirks, Flavour())
    return uuids(await fetch_uuids(lab, where, limit, 0))


def _filters(lab: Lab, call: Call) -> ContactFilters:
    return read(ContactFilters, call, split_lists=Quirk.LISTS_REFUSED not in lab.quirks)


def _order(lab: Lab, ordering: str | None) -> str:
    try:
        default = lab.last("c.id") if ordering else DEFAULT_ORDER  # a list of commas alone is no order
        return order_by(ordering, contact_keys(lab.quirks), default, lab.tie("c.id"))
    except UnknownOrdering as error:
        raise Failure(400, f"Unknown ordering field: {error}") from None


async def fetch_people(lab: Lab, where: Where, order: str, limit: int | None, offset: int) -> list[Person]:
    """Contacts with what belongs to them: the page is cut first, then joined, and its order kept."""
    cut = window(None if limit is None else where.bind(limit), where.bind(offset) if offset else None)
    query = f"""SELECT {PERSON_COLUMNS} FROM (
        SELECT c.*, row_number() OVER () AS position FROM (
            SELECT c.* FROM contacts c {where.text()} {order}{cut}
        ) c
    ) c {PERSON_JOINS} ORDER BY c.position"""
    return [person(row) for row in await lab.pool.fetch(query, *where.parameters)]


async def fetch_uuids(lab: Lab, where: Where, limit: int | None, offset: int) -> list[str]:
    """The uuids of contacts; the original has no order here."""
    cut = window(None if limit is None else where.bind(limit), where.bind(offset) if offset else None)
    query = f"SELECT c.uuid FROM contacts c {where.text()} ORDER BY {lab.last('c.id')}{cut}"
    return [row[0] for row in await lab.pool.fetch(query, *where.parameters)]
