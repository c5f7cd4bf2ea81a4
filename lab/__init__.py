"""The lab: a reference legacy API over a real PostgreSQL and a Connectra stand-in. Imports nothing of the product."""
