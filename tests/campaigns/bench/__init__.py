"""What the workflow costs, as ratios within one run: `make bench`.

Bottom up: ``inputs`` (manifests to measure on), ``clock`` (time, CPU and memory of what runs),
``figures`` (what was measured, and how it compares with the last time), a module for each group of
parts, and ``picture`` and ``document``, which show the figures.
"""
