"""What is written of a row: the record between the jobs of a shard, and the final line."""
