from __future__ import annotations

import subprocess
import sys

import sparklineage


def test_everything_in_all_is_there_and_nothing_else_is_public() -> None:
    assert [name for name in sparklineage.__all__ if not hasattr(sparklineage, name)] == []
    assert sorted(sparklineage.__all__) == sparklineage.__all__
    assert set(sparklineage.__all__) <= set(dir(sparklineage))


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(sparklineage, "stepp")


def test_the_names_are_what_they_say() -> None:
    assert callable(sparklineage.step)
    assert sparklineage.Dataset.of("file:///x") == sparklineage.Dataset("file", "/x")


def test_the_modules_of_datasets_facets_and_testing_are_there_without_an_import_of_their_own() -> None:
    code = (
        "import sparklineage as s; print(s.datasets.s3('b', 'k').name, s.facets.version('7').name, s.testing.__name__)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["k", "version", "sparklineage.testing"]


def _loaded(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `code`."""
    script = f"import sys; before = set(sys.modules); {code}; print(*sorted(set(sys.modules) - before))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_importing_the_package_loads_next_to_nothing() -> None:
    loaded = {name for name in _loaded("import sparklineage") if name.startswith("sparklineage")}
    assert loaded == {"sparklineage"}


def test_step_loads_the_journal_and_the_model_alone() -> None:
    loaded = _loaded("import sparklineage; sparklineage.step")
    rooms = {name.split(".")[1] for name in loaded if name.startswith("sparklineage.")}
    assert rooms == {"version", "sdk", "journal", "model", "errors"}
    # What sends without a journal, and what knows backends, is for those who have none.
    assert not loaded & {"sparklineage.sdk.sending.direct", "sparklineage.model.backend", "sparklineage.model.parent"}
    assert not loaded & {"pyspark", "difflib", "yaml", "pandas", "http.client", "urllib.request", "asyncio"}
