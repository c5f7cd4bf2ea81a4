"""What the analyst keeps in PostgreSQL."""
