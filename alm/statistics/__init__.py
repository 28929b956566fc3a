"""Counters that add up: of rows, of windows, of a shard; and what they say."""
