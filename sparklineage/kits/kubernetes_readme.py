"""README.md of the kit for Kubernetes: an image, a Secret, and three ways to start an application."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sparklineage.targets.kubernetes_pod import GRACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.kits.interface import KitFile
    from sparklineage.kits.present import Options
    from sparklineage.targets import Order

_PAGE = """\
# Lineage for Spark on Kubernetes

Agent {agent} for Scala {scala}. The image has the agent, the witness and the relay; a relay runs beside each
driver, in its pod, and delivers while the application runs and after its end.

| file | what it is |
|---|---|
{files}

## Use it

1. Make the image, and put it where the cluster gets its images:

   ```sh
   docker build --tag {image} .
   docker push {image}
   ```

2. {secret}

3. Start the application in that image, in one of these ways:

   - With Kubeflow's Spark operator: `kubectl apply --filename spark-application.yaml`. For one of yours take its
     `sparkConf`, `volumes` and `driver`, or let `sparklineage conf kubernetes --into FILE` do it.
     Its driver runs as the service account `spark-operator-spark`; where yours has another name, change it.
   - With spark-submit, in this folder, as `driver-pod.yaml` is the template of the driver's pod:

     ```sh
     {variables} bash spark-submit.sh
     ```

     The driver makes the pods of its executors, so it needs a service account that may. Where the namespace's
     `default` may not, make one, and give spark-submit
     `--conf spark.kubernetes.authenticate.driver.serviceAccountName=spark`, in `spark-submit.sh` or your
     `spark-defaults.conf`:

     ```sh
     kubectl create serviceaccount spark
     kubectl create rolebinding spark --clusterrole=edit --serviceaccount="$NAMESPACE:spark"
     ```

   - With anything else that makes the driver's pod: put into it what `driver-pod.yaml` has (the relay, the volume
     and where both find it), and give Spark the properties of `spark-submit.sh`.

## What it needs

- Kubernetes 1.29 or later, for containers that run beside others and end after them.
- The driver and the relay run as the same user, 185 in the images of the Apache project: nobody else may read a
  journal. Where yours is another, change `runAsUser` of the relay and the last line of `Dockerfile`.
- Python 3.9 or later in the image, which is made from `{base}`; its build tries that. Those of the
  Apache project have it from 3.5.7 on, and for Java 17 (`…-java17-python3-ubuntu`) from 3.5.0; for
  3.4 and before make the kit with `--from IMAGE`.
{ca_file}- A way from the driver's pod to the backend (NetworkPolicy, egress).

The journal ends with its pod. The relay has {grace} seconds after the driver's end for what is left; what the backend
does not take by then is lost.

A listener that is named and not in the image stops the application: the properties and the image belong together.

## Remove it

Take the properties, the volume and the relay out of your applications first, then the lines out of the image.
"""


def ca_file_note(path: str) -> str:
    """What has to be done for a file with certificates, as a sentence."""
    return (
        f"{path} has to be in the image, or mounted into the relay's container: the relay looks for it there, and its "
        "log says at its start if it is not."
    )


def readme(
    order: Order, image: str, files: Sequence[KitFile], *, base: str, secrets: Sequence[str], options: Options
) -> str:
    """The page. `base` is the image that this one is made from, `secrets` are sentences about the Secret."""
    variables = [f"IMAGE={shlex.quote(image)}", "KUBERNETES=https://HOST:PORT"]
    if order.application is None:
        variables.append("APPLICATION=local:///opt/spark/work-dir/job.py")
    return _PAGE.format(
        variables=" ".join(variables),
        base=base,
        ca_file=f"- {ca_file_note(options.ca_file)}\n" if options.ca_file else "",
        agent=order.agent,
        scala=order.scala,
        files="\n".join(f"| `{file.name}` | {file.about} |" for file in files),
        image=shlex.quote(image),
        secret=" ".join(secrets) or "The backend takes events without a key: there is no Secret to make.",
        grace=GRACE - 10,
    )
