"""A row: exact JSON, parsed and checked."""
