"""The code and the versions behind a result."""
