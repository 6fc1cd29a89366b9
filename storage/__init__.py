"""What survives a restart: SQLite by default, one writer, group commit."""
