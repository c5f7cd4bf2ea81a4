"""The reference legacy API: the CRM backend as it answered from PostgreSQL before the migration."""
