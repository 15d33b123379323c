"""A test run in the background hands on HUP, INT and QUIT as ignored; the tests start as at a terminal."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from hypothesis import settings

if TYPE_CHECKING:
    import pytest


def pytest_configure() -> None:
    """Before anything is started."""
    # Other work on the machine makes examples slow; a test that is slow by itself shows in --durations.
    settings.register_profile("patient", deadline=None)
    settings.load_profile("patient")
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


_SERVICES = (
    "tests/unit/agent/test_store_", "tests/unit/apply/", "tests/unit/assemble/test_relay_process",
    "tests/unit/cli/test_bootstrap_databricks", "tests/unit/cli/test_relay", "tests/unit/cli/test_submit",
    "tests/unit/config/test_secrets_", "tests/unit/kits/test_bootstrap_", "tests/unit/kits/test_databricks.py",
    "tests/unit/kits/test_emr", "tests/unit/kits/test_script", "tests/unit/kits/test_zipapp",
    "tests/unit/relay/node/test_node", "tests/unit/relay/node/test_secrets", "tests/unit/relay/test_deliver",
    "tests/unit/relay/test_watch", "tests/unit/sdk/test_application", "tests/unit/submit/test_launch",
    "tests/unit/targets/test_aws_hostile", "tests/unit/targets/test_aws_services",
    "tests/unit/targets/test_node_script",
)  # fmt: skip
"""Where tests talk to servers of their own, or start processes and wait for them or signal them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes its time, so that `make unit` stays quick; `make test` runs all."""
    for item in items:
        if item.nodeid.startswith(_SERVICES):
            item.add_marker("service")
