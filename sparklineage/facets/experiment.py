"""Where a model was trained: SageMaker's and MLflow's own names, as run facets of ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sparklineage.facets.check import key, label, measured, pairs, shown, text
from sparklineage.model import event as ol
from sparklineage.model.facet import Facet
from sparklineage.model.masking import MASK, names_a_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_INNER = re.compile(r"_(\w)")
MLFLOW = "sparklineage_mlflow"
SAGEMAKER = "sparklineage_sagemaker"


def mlflow(
    *, run_id: str, experiment_id: str | int | None = None, experiment: str | None = None, model: str | None = None,
    model_version: str | int | None = None, tracking_uri: str | None = None,
    metrics: Mapping[str, Any] | None = None, parameters: Mapping[str, Any] | None = None,
) -> Facet:  # fmt: skip
    """The run facet `sparklineage_mlflow`: which MLflow run this was, and what it registered.

    A metric that is no finite number, such as the NaN of a loss, is left out by itself, with a warning.
    """
    return _facet(
        MLFLOW,
        {
            "run_id": label("run_id", run_id),
            "experiment_id": experiment_id,
            "experiment": experiment,
            "model": model,
            "model_version": model_version,
            "tracking_uri": _uri("tracking_uri", tracking_uri),
        },
        metrics,
        parameters,
    )


def sagemaker(
    *, job_name: str | None = None, job_arn: str | None = None, job_type: str | None = None,
    experiment: str | None = None, trial: str | None = None, trial_component: str | None = None,
    model: str | None = None, model_uri: str | None = None, image: str | None = None,
    metrics: Mapping[str, Any] | None = None, parameters: Mapping[str, Any] | None = None,
) -> Facet:  # fmt: skip
    """The run facet `sparklineage_sagemaker`: the job (`job_type` Processing, Training, Transform) and its results."""
    fields = {
        "job_name": job_name,
        "job_arn": job_arn,
        "job_type": job_type,
        "experiment": experiment,
        "trial": trial,
        "trial_component": trial_component,
        "model": model,
        "model_uri": _uri("model_uri", model_uri),
        "image": image,
    }
    if all(value is None for value in (job_name, job_arn, experiment, trial, model)):
        raise ValueError("give job_name, job_arn, experiment, trial or model")
    return _facet(SAGEMAKER, fields, metrics, parameters)


def _facet(
    name: str, fields: Mapping[str, Any], metrics: Mapping[str, Any] | None, parameters: Mapping[str, Any] | None
) -> Facet:
    """`fields` are texts, or numbers as ids and versions are, by the names of the arguments."""
    found: dict[str, Any] = {
        _INNER.sub(lambda word: word[1].upper(), field): label(field, value)
        for field, value in fields.items()
        if value is not None
    }
    if metrics is not None:
        found["metrics"] = measured("metrics", pairs("metrics", metrics))
    if parameters is not None:
        found["parameters"] = {
            key("parameters", called): _parameter(called, value) for called, value in pairs("parameters", parameters)
        }
    return Facet(name, "run", ol.own_facet(name, **found))


def _parameter(called: str, value: Any) -> str:
    """The value as a text; masked where it is called as a secret is."""
    found = shown(f"parameters.{called}", value)
    is_secret = found and not isinstance(value, (bool, int, float, type(None))) and names_a_secret(called)
    return MASK if is_secret else found


def _uri(name: str, uri: str | None) -> str | None:
    from sparklineage.model.dataset import Dataset  # noqa: PLC0415

    return None if uri is None else Dataset.without_credentials(text(name, uri))
