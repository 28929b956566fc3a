"""Build the inner loops if needed, and say in which form they run; exit 1 if interpreted."""

import sys

from alm.compiled import announcement, status

print(announcement())
sys.exit(status().form != "compiled")
