"""The drop-in of a Databricks driver, read back by a strict reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparklineage.kits.driver_conf import driver_conf
from tests.support.hocon import driver_properties
from tests.support.orders import HOSTILE

TEXTS = HOSTILE | st.sampled_from(
    ("${PATH}", '"""', "//x", "a\nb", "\\u0041", "}", "[driver] {", "include x", "", "+=")
)


@given(st.dictionaries(TEXTS, TEXTS), TEXTS)
def test_every_name_and_value_comes_back(properties: dict[str, str], agent: str) -> None:
    text = driver_conf(properties, agent=agent)
    assert text.endswith("\n}\n") and "\r" not in text
    assert driver_properties(text) == properties


def test_it_is_the_block_that_a_driver_reads() -> None:
    properties = {"spark.extraListeners": "a.B,c.D", "spark.acme": 'say "${x}"'}
    assert driver_conf(properties, agent="1.53.0 for Scala 2.12") == (
        "[driver] {\n"
        "  # Lineage, agent 1.53.0 for Scala 2.12. Made by sparklineage.\n"
        '  "spark.extraListeners" = "a.B,c.D"\n'
        '  "spark.acme" = "say \\"${x}\\""\n'
        "}\n"
    )


@pytest.mark.parametrize("text", ['[driver] {\n  a = "b"\n}\n', '[driver] {\n  "a" = "b"\n}', '{\n  "a" = "b"\n}\n'])
def test_the_reader_of_these_tests_is_strict(text: str) -> None:
    with pytest.raises(ValueError, match=r"no (block|property)"):
        driver_properties(text)
