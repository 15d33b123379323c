"""What the agent calls an account of Snowflake and a table there: its SnowflakeUtils and SnowflakeTable, 1.53.0."""

from __future__ import annotations

_DOMAIN = ".snowflakecomputing.com"


def account(host: str) -> str:
    """`organization-account`, or `locator.region.cloud` of a locator, from a host of Snowflake with its domain or not.

    Where the host has no region and no cloud, they are those of the oldest accounts.
    """
    parts = host.partition(_DOMAIN)[0].rstrip(".").split(".")
    if len(parts) == 1:
        return parts[0] if "-" in parts[0] or not host else f"{parts[0]}.us-west-1.aws"
    return ".".join(parts) if len(parts) > 2 else f"{parts[0]}.{parts[1]}.aws"


def unquoted(name: str) -> str:
    """The name of a database, schema or table without the quotes that SQL has around it."""
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] == '"' else name
