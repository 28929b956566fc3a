"""Rows as written: the record that passes between the jobs of a shard, and the final line."""
