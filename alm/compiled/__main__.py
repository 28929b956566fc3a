"""Builds the inner loops if need be and says in which form they run; exit 1 if interpreted."""

import sys

from alm.compiled import announcement, status

print(announcement())
sys.exit(status().form != "compiled")
