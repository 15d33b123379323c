"""`sparklineage.tag`: ties a DataFrame to a step, whenever it is executed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from sparklineage.sdk import forgiving
from sparklineage.sdk.session import STEP_TAG, Driver
from sparklineage.sdk.steps.given import listed, text
from sparklineage.sdk.steps.record import LOG, StepRecord
from sparklineage.sdk.steps.step import Step, StepHandle
from sparklineage.sdk.warning import warn

if TYPE_CHECKING:
    from sparklineage.model.dataset import DatasetsLike

Frame = TypeVar("Frame")

_MOST = 50
"""Steps of one DataFrame; the latest count."""


@forgiving
def tag(
    df: Frame,
    *steps: StepHandle,
    inputs: DatasetsLike = (),
    outputs: DatasetsLike = (),
    name: str = "tag",
    strict: bool = False,
) -> Frame:
    """Tie a DataFrame, and all that is made of it, to steps or to datasets. Returns the DataFrame.

        with sparklineage.step(spark, "rates", inputs=["https://rates.example.com/v1"]) as step:
            rates = sparklineage.tag(spark.createDataFrame(download()), step)
        orders.join(rates, "currency").write.parquet("s3://bucket/orders")  # reads the rates, too

    Spark executes a DataFrame when it is written or shown, which may be long after the step that built it. Every query
    with the DataFrame in its plan (joined, filtered, cached, as a view in SQL, below a write) gets what the step
    declares. `steps` may be open or closed. `inputs` and `outputs` are for datasets without a step; `name` is what a
    run of theirs is called if no query ever executes the DataFrame.

    The mark is lost where a DataFrame becomes rows: `df.rdd`, `checkpoint`, `toPandas` and back. Under Spark Connect
    there is no plan to mark: execute the DataFrame inside of the step.

    Never raises because of lineage: one warning of the logger `sparklineage` for each cause; with `strict` it is
    raised.
    """
    try:
        read, written = listed(inputs, strict=strict), listed(outputs, strict=strict)
        _tag(df, steps, read, written, text(name, strict=strict), strict=strict)
    except Exception as error:
        if strict:
            raise
        sentence = str(error) if isinstance(error, ValueError) else f"the plan cannot be marked: {type(error).__name__}"
        warn(sentence, about="tag", by_line=False)
    return df


def _tag(df: Any, steps: tuple[Any, ...], inputs: list[Any], outputs: list[Any], name: str, *, strict: bool) -> None:
    driver = Driver.of(getattr(df, "sparkSession", None), os.environ)
    if driver.is_inert and not strict:
        return
    records = [_record(step) for step in steps]
    if not hasattr(df, "sparkSession"):
        raise ValueError(f"it takes a DataFrame of Spark, not {_kind(df)}")
    if not (records or inputs or outputs):
        raise ValueError("it takes a step, or inputs and outputs")
    if driver.folder is None or not hasattr(df, "_jdf"):
        if inputs or outputs:
            with Step(None, name, inputs=inputs, outputs=outputs, environ=os.environ, strict=strict):
                pass
        if driver.is_inert:
            return
        why = "without a journal nobody looks for it" if driver.folder is None else "Spark Connect keeps the plan"
        raise ValueError(f"the DataFrame stays as it is, {why}: execute it inside of the step instead")
    if not driver.is_at_hand:
        raise ValueError("the DataFrame stays as it is, a forked process cannot reach its plan")
    if inputs or outputs:
        records.append(StepRecord(driver, name, os.environ, strict=strict))
        records[-1].tagged(inputs, outputs)
    for record in records:
        record.tagged((), ())
    _mark(df, [record.step for record in records])


def _kind(value: object) -> str:
    """The type with its package: other libraries have DataFrames, too."""
    package = type(value).__module__.partition(".")[0]
    return type(value).__name__ if package == "builtins" else f"{package}.{type(value).__name__}"


def _record(step: Any) -> StepRecord:
    found = step.latest if isinstance(step, StepHandle) else None
    if found is None:
        given = "a step that was not entered" if isinstance(step, StepHandle) else f"{type(step).__name__}"
        raise ValueError(f"it takes steps, open or closed, not {given}; datasets go to inputs= and outputs=")
    return found


def _mark(df: Any, steps: list[str]) -> None:
    jvm = df.sparkSession.sparkContext._jvm  # noqa: SLF001 - the one way to a plan
    mark = jvm.org.apache.spark.sql.catalyst.trees.TreeNodeTag(STEP_TAG)
    plans = [df._jdf.queryExecution().analyzed()]  # noqa: SLF001 - as above
    try:
        # What is made of the DataFrame contains this one. It is the same, but for commands.
        plans.append(df._jdf.logicalPlan())  # noqa: SLF001 - as above
    except Exception:  # noqa: BLE001 - Spark keeps it to itself
        LOG.debug("tag: no logical plan", exc_info=True)
    for plan in plans:
        found = plan.getTagValue(mark)
        known = found.get().split(",") if found.isDefined() else []
        plan.setTagValue(mark, ",".join(list(dict.fromkeys([*known, *steps]))[-_MOST:]))
