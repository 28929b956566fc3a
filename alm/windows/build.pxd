# No types: compiled since it runs for each row.
