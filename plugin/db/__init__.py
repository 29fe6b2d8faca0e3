"""The only SQL: named statements over each repository, for SQLite and PostgreSQL."""
