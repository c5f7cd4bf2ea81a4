"""Every route of the reference (contract §2.1), and the lab's own."""

from __future__ import annotations

from lab.legacy import (
    companies,
    company_contacts,
    contacts,
    controls,
    email_export,
    exports,
    health,
    linkedin,
    writes,
)
from lab.legacy.http import Route, Routes

_V1 = "/api/v1"
_V2 = "/api/v2"
_OF_COMPANY = f"{_V1}/companies/company/{{company_uuid}}/contacts"

API = (
    Route("GET", f"{_V1}/contacts/", contacts.listing),
    Route("GET", f"{_V1}/contacts/count/", contacts.count),
    Route("GET", f"{_V1}/contacts/count/uuids/", contacts.uuid_list),
    Route("GET", f"{_V1}/contacts/{{contact_uuid}}/", contacts.detail),
    Route("GET", f"{_V1}/companies/", companies.listing),
    Route("GET", f"{_V1}/companies/count/", companies.count),
    Route("GET", f"{_V1}/companies/count/uuids/", companies.uuid_list),
    Route("GET", f"{_V1}/companies/{{company_uuid}}/", companies.detail),
    Route("GET", f"{_OF_COMPANY}/", company_contacts.listing),
    Route("GET", f"{_OF_COMPANY}/count/", company_contacts.count),
    Route("GET", f"{_OF_COMPANY}/count/uuids/", company_contacts.uuid_list),
    Route("GET", f"{_OF_COMPANY}/{{attribute}}/", company_contacts.attribute),
    Route("POST", f"{_V2}/linkedin/", linkedin.search),
    Route("POST", f"{_V2}/linkedin/export", email_export.create_linkedin),
    Route("POST", f"{_V2}/exports/contacts/export", exports.create_contacts),
    Route("POST", f"{_V2}/exports/companies/export", exports.create_companies),
    Route("POST", f"{_V2}/exports/contacts/export/chunked", exports.create_chunked),
    Route("POST", f"{_V2}/email/export", email_export.create),
    Route("GET", f"{_V2}/exports/", exports.listing),
    Route("GET", f"{_V2}/exports/{{export_id}}/status", exports.status),
    Route("GET", f"{_V2}/exports/{{export_id}}/download", exports.download),
    Route("DELETE", f"{_V2}/exports/{{export_id}}/cancel", exports.cancel),
    Route("DELETE", f"{_V2}/exports/files", exports.delete_files),
    Route("GET", "/health", health.alive),
    Route("GET", "/health/db", health.database),
    Route("GET", f"{_V1}/health/", health.alive),
    Route("GET", f"{_V1}/health/vql", health.vql),
    Route("GET", f"{_V1}/health/vql/stats", health.vql_stats),
    Route("GET", f"{_V1}/health/performance/stats", health.performance),
    Route("GET", f"{_V1}/", health.root),
    Route("GET", "/favicon.ico", health.favicon),
    Route("GET", "/admin/", health.admin),
)
LAB = (
    Route("POST", "/lab/contacts/", writes.create_contact),
    Route("PATCH", "/lab/contacts/{uuid}/", writes.change_contact),
    Route("DELETE", "/lab/contacts/{uuid}/", writes.delete_contact),
    Route("PUT", "/lab/contacts/{uuid}/company/", writes.move_contact),
    Route("PATCH", "/lab/companies/{uuid}/", writes.change_company),
    Route("POST", "/lab/companies/{company_uuid}/contacts/", writes.create_in_company),
    Route("DELETE", "/lab/companies/{company_uuid}/contacts/{uuid}/", writes.delete_in_company),
    Route("GET", "/lab/latency/", controls.show_latency),
    Route("PUT", "/lab/latency/", controls.set_latency),
    Route("DELETE", "/lab/latency/", controls.clear_latency),
    Route("GET", "/lab/quirks/", controls.show_quirks),
    Route("PUT", "/lab/quirks/", controls.set_quirks),
)


def routes() -> Routes:
    """All of them; an attribute's name is one of a few words, so the template with it needs a second look."""
    return Routes((*API, *LAB))
