"""The company endpoints: detail, list, count, uuids (contract §6.2, §6.9, §6.10)."""

from __future__ import annotations

from lab.legacy import shapes
from lab.legacy.bodies import paging
from lab.legacy.company_filters import companies_where
from lab.legacy.http import Answer, Call, Crash, Failure, ok
from lab.legacy.ordering import UnknownOrdering, company_keys, order_by
from lab.legacy.pages import meta, page, uuids, window
from lab.legacy.paging import Paging, resolve
from lab.legacy.parameters import CompanyFilters, read
from lab.legacy.quirks import Quirk
from lab.legacy.records import FIRM_COLUMNS, FIRM_JOINS, firm
from lab.legacy.sql import Where
from lab.legacy.state import Lab

BATCHED_FROM = 10_000
"""Above this limit the original reads in batches, which fails (LQ-23)."""
_ONE = f"SELECT {FIRM_COLUMNS} FROM companies co {FIRM_JOINS} WHERE co.uuid = $1"
_KEYS = company_keys()


async def detail(lab: Lab, call: Call) -> Answer:
    """GET /api/v1/companies/{company_uuid}/"""
    await lab.users.authenticate(call, lab.pool)
    uuid = call.params[0]
    if uuid == "company":
        raise Failure(404, "Not found")
    row = await lab.pool.fetchrow(_ONE, uuid)
    if row is None:
        raise Failure(404, "Company not found")
    return ok(shapes.company_detail(firm(row)))


async def listing(lab: Lab, call: Call) -> Answer:
    """GET /api/v1/companies/"""
    filters = read(CompanyFilters, call)
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
    try:
        order = order_by(filters.ordering, _KEYS, lab.last("co.id"), lab.tie("co.id"))
    except UnknownOrdering as error:
        raise Failure(400, f"Unknown ordering field: {error}") from None
    where = companies_where(filters, lab.quirks)
    batched = where_to.size is not None and where_to.size > BATCHED_FROM
    if batched and Quirk.BATCHES_FAIL in lab.quirks:
        found = await _fail_if_any(lab, where)
    else:
        found = await _fetch(lab, where, order, where_to)
    about = meta(filters, filters.ordering, where_to, len(found), lab.quirks)
    return page(call, where_to, found, lab.quirks, about)


async def count(lab: Lab, call: Call) -> Answer:
    """GET /api/v1/companies/count/"""
    filters = read(CompanyFilters, call)
    await lab.users.authenticate(call, lab.pool)
    where = companies_where(filters, lab.quirks)
    counted = await lab.pool.fetchval(f"SELECT count(co.id) FROM companies co {where.text()}", *where.parameters)
    return ok({"count": counted})


async def uuid_list(lab: Lab, call: Call) -> Answer:
    """GET /api/v1/companies/count/uuids/"""
    filters = read(CompanyFilters, call)
    await lab.users.authenticate(call, lab.pool)
    limit, offset = paging(call)
    where = companies_where(filters, lab.quirks)
    cut = window(None if limit is None else where.bind(limit), where.bind(offset) if offset else None)
    query = f"SELECT co.uuid FROM companies co {where.text()} ORDER BY {lab.last('co.id')}{cut}"
    return uuids([row[0] for row in await lab.pool.fetch(query, *where.parameters)])


async def _fetch(lab: Lab, where: Where, order: str, where_to: Paging) -> list[shapes.CompanyListItem]:
    size, offset = where_to.size, where_to.offset
    cut = window(None if size is None else where.bind(size), where.bind(offset) if offset else None)
    query = f"""SELECT {FIRM_COLUMNS} FROM (
        SELECT co.*, row_number() OVER () AS position FROM (
            SELECT co.* FROM companies co {where.text()} {order}{cut}
        ) co
    ) co {FIRM_JOINS} ORDER BY co.position"""
    return [shapes.company_list_item(firm(row)) for row in await lab.pool.fetch(query, *where.parameters)]


async def _fail_if_any(lab: Lab, where: Where) -> list[shapes.CompanyListItem]:
    query = f"SELECT EXISTS (SELECT 1 FROM companies co {where.text()})"
    if await lab.pool.fetchval(query, *where.parameters):
        raise Crash("batches above 10000 rows (LQ-23)")
    return []
