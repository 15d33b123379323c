"""The command line: the only place that prints, reads `os.environ` and exits."""

from sparklineage.cli.main import main

__all__ = ["main"]
