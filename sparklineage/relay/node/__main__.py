"""`python -m sparklineage.relay.node`, and what relay.pyz begins with."""

from __future__ import annotations

import sys

from sparklineage.relay.node.main import main

if __name__ == "__main__":
    sys.exit(main())
