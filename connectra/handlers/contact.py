"""GET /api/v1/contacts/{contact_uuid}/: one call, the company with it (legacy-api.md §6.1)."""

from __future__ import annotations

from connectra.handlers.base import Single
from connectra.shapes import contact_detail

contact = Single("contact_uuid", "contacts", "Contact", contact_detail, populate=True)
"""ContactDetail."""
