"""Windows of a row: grown, cut, and those that stay when they overlap. Pure."""
