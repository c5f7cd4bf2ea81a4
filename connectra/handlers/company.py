"""GET /api/v1/companies/{company_uuid}/ (legacy-api.md §6.2)."""

from __future__ import annotations

from connectra.handlers.base import Single
from connectra.shapes import company_detail

company = Single("company_uuid", "companies", "Company", company_detail)
"""CompanyDetail."""
