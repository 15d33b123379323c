"""`python -m sparklineage`."""

import sys

from sparklineage.cli import main

if __name__ == "__main__":
    sys.exit(main())
