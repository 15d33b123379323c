"""What every test run needs: signals as at a terminal, patient examples, and rooms of tests that stay together."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pathlib import Path


def pytest_configure() -> None:
    """Before anything is started."""
    # Other work on the machine makes examples slow; a test that is slow by itself shows in --durations.
    settings.register_profile("patient", deadline=None)
    # Of `make unit`, by --hypothesis-profile.
    settings.register_profile("quick", deadline=None, max_examples=_QUICK)
    settings.load_profile("patient")
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `--dist loadscope` a folder below tests/real, or a file there, stays on one worker: it shares its Sparks."""
    if config.getvalue("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # noqa: PLC0415

    class ByRoom(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return "/".join(nodeid.partition("::")[0].split("/")[:3])

    return ByRoom(config, log)


_SERVICES = (
    "tests/unit/agent/test_store_", "tests/unit/apply/", "tests/unit/assemble/test_relay_process",
    "tests/unit/cli/test_bootstrap_databricks", "tests/unit/cli/test_companions", "tests/unit/cli/test_jar_upload",
    "tests/unit/cli/test_relay", "tests/unit/cli/test_submit", "tests/unit/config/test_secrets_",
    "tests/unit/docs/test_generated.py::test_the_check_runs_as_a_command",
    "tests/unit/docs/test_generated.py::test_the_pages_do_not_tell_where_the_checkout_lies",
    "tests/unit/docs/test_relay", "tests/unit/kits/test_bootstrap_", "tests/unit/kits/test_databricks.py",
    "tests/unit/kits/test_emr", "tests/unit/kits/test_machine", "tests/unit/kits/test_script",
    "tests/unit/kits/test_zipapp", "tests/unit/relay/node/test_node", "tests/unit/relay/node/test_secrets",
    "tests/unit/relay/test_deliver", "tests/unit/relay/test_users", "tests/unit/relay/test_watch",
    "tests/unit/sdk/test_application", "tests/unit/submit/test_launch", "tests/unit/targets/test_aws_hostile",
    "tests/unit/targets/test_aws_services", "tests/unit/targets/test_node_script", "tests/unit/targets/test_uploads",
    "tests/unit/test_package.py::test_the_wheel_holds_the_data_files_and_no_tests", "tests/unit/testing/test_plugin",
    "tests/unit/witness/test_build.py::test_jar_is_what_the_source_builds_to",
)  # fmt: skip
"""Where tests talk to servers of their own, or start processes and wait for them or signal them."""

_LONG = (
    "tests/unit/cli/test_broken_off.py",
    "tests/unit/agent/test_fetch.py::test_a_limit_ends_what_no_time_out_ends",
    "tests/unit/agent/test_fetch.py::test_a_slow_line_that_gets_on_is_waited_for",
    "tests/unit/cli/test_lint.py::test_a_thousand_files_take_seconds",
    "tests/unit/config/test_bad_input.py::test_a_file_of_ten_thousand_keys_is_answered_in_time",
    "tests/unit/kits/test_dataproc.py::test_the_checkers_of_shells_have_nothing_to_say",
    "tests/unit/relay/test_begin_anew.py::test_what_the_jvm_says_after_its_python_has_ended_is_heard",
    "tests/unit/relay/test_checkpoint.py::test_what_is_delivered_is_given_back_to_the_disk",
    "tests/unit/relay/test_ending.py::test_a_driver_that_leaves_its_status_is_waited_for",
    "tests/unit/relay/test_ending.py::test_a_living_process_is_waited_for_and_its_exit_is_the_state",
    "tests/unit/relay/test_ending.py::test_after_a_long_silence_the_contexts_end_is_the_state_and_stays_it",
    "tests/unit/relay/test_full_disk.py::test_a_run_that_is_removed_while_its_event_is_under_way_ends_no_relay",
    "tests/unit/relay/test_late.py::test_a_node_asks_for_its_secret_at_a_measured_pace",
    "tests/unit/relay/test_state.py::test_who_goes_on_writing_after_the_end_holds_up_nobody",
    "tests/unit/sdk/test_step_threads.py::test_ten_thousand_steps_leak_nothing",
    "tests/unit/testing/test_golden.py::test_a_process_never_reads_a_half_of_what_another_writes",
)
"""What takes seconds because there is much of it, or because it waits."""

_QUICK = 10
"""Examples of each property under the profile `quick`."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where services are left out, their modules are not even imported: some bring boto3, moto or Databricks' SDK."""
    if "not service" not in config.option.markexpr or not collection_path.is_relative_to(config.rootpath):
        return None
    place = collection_path.relative_to(config.rootpath).as_posix()
    return f"{place}/".startswith(_SERVICES) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes its time, so that `make unit` stays quick; `make test` runs all."""
    for item in items:
        if item.nodeid.startswith((*_SERVICES, *_LONG)):
            item.add_marker("service")
        _shorten(item)


def _shorten(item: pytest.Item) -> None:
    """Let the profile `quick` count for a property that says itself how many examples it takes."""
    function, default = getattr(item, "obj", None), settings.default
    said = getattr(function, "_hypothesis_internal_use_settings", None)
    if function and said and default and said.max_examples > default.max_examples == _QUICK:
        function._hypothesis_internal_use_settings = settings(said, max_examples=_QUICK)
