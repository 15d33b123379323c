"""`sparklineage conf TARGET --apply`: shows one call of a platform's API, asks, makes it and waits."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from sparklineage.apply import NAMES, Options, applier, wait
from sparklineage.apply.shown import harmless, lines
from sparklineage.cli.configured import spec_of
from sparklineage.cli.terminal import warn
from sparklineage.errors import ConfigError, UnknownOutcomeError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sparklineage.apply import Applier, Found, Plan, Result, Started
    from sparklineage.targets import Existing, Rendered

_FLAGS = {
    "region": ("--region", "NAME", "the region of AWS (default: the configuration's, else as boto3 finds it)"),
    "endpoint_url": ("--endpoint-url", "URL", "of AWS, if it is not its own"),
    "cluster_id": ("--cluster-id", "ID", "the cluster that is there: EMR adds steps to it, Databricks edits it"),
    "application_id": ("--application-id", "ID", "the application that runs the job"),
    "virtual_cluster_id": ("--virtual-cluster-id", "ID", "the virtual cluster that runs the job"),
    "execution_role": ("--execution-role", "ARN", "the role of the job"),
}
DECLINED = 130
"""As after Ctrl-C: the person has stopped it."""


def add_options(parser: argparse.ArgumentParser, name: str) -> None:
    """`--apply` and what belongs to it, for a target whose platform can be asked."""
    import argparse  # noqa: PLC0415

    if name not in NAMES:
        return
    group = parser.add_argument_group("to apply it", "Without --apply nothing is sent to anybody.")
    group.add_argument("--apply", action="store_true", help="make the call that the platform needs, after a question")
    group.add_argument("--yes", action="store_true", help="do not ask")
    group.add_argument(
        "--wait", action=argparse.BooleanOptionalAction, default=None,
        help="wait for the end of what was started; Ctrl-C leaves it running (default: wait)",
    )  # fmt: skip
    for field in NAMES[name]:
        flag, value, text = _FLAGS[field]
        group.add_argument(flag, metavar=value, help=text)


def refuse_without_apply(args: argparse.Namespace) -> None:
    """Raises UsageError for options that only --apply gives a meaning."""
    given = [flag for flag in ("cluster_id", "application_id", "virtual_cluster_id", "execution_role", "yes",
                               "endpoint_url") if getattr(args, flag, None)]  # fmt: skip
    if getattr(args, "wait", None) is not None:
        given.append("wait" if args.wait else "no-wait")
    if given:
        raise UsageError(f"conf {args.action}: --{given[0].replace('_', '-')} needs --apply; nothing was sent.")


def found_for(args: argparse.Namespace, environ: Mapping[str, str]) -> tuple[Options, Found | None]:
    """Whom to ask, and what is there already, whose release counts from now on where nobody says another.

    Raises UsageError where nobody could agree to it, before anybody is asked.
    """
    _refuse(args)
    args.platform = args.action
    spec = spec_of(args, environ)
    known: dict[str, Any] = {field: getattr(args, field, None) for field in _FLAGS}
    if "region" in NAMES[args.action]:
        # AWS' own clients other than boto3 read AWS_REGION.
        known["region"] = known["region"] or spec.text("platform.region") or environ.get("AWS_REGION") or None
    options = Options(**known)
    found = applier(args.action).existing(options)
    if found is not None and found.text is not None and args.into:
        raise UsageError(
            f"conf {args.action}: with --cluster-id the cluster itself is what is merged into; leave --into out."
        )
    if found is not None and args.release is None and spec.text("platform.release") is None:
        args.release = found.release
    return options, found


def _refuse(args: argparse.Namespace) -> None:
    what = f"conf {args.action}"
    if not args.yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{what}: --apply asks on a terminal, and here is none; give --yes.")
    if args.diff:
        raise UsageError(f"{what}: --diff and --apply exclude each other; --apply shows what would change.")
    if args.allow_literal_secrets:
        raise UsageError(
            f"{what}: --apply sends no secret in plain text; leave --allow-literal-secrets out, and write a reference."
        )


def existing_of(found: Found | None) -> Existing | None:
    """What a target merges into, where it is there already."""
    from sparklineage.targets import Existing  # noqa: PLC0415

    if found is None or found.text is None:
        return None
    return Existing(name=found.name, text=found.text)


def run(args: argparse.Namespace, rendered: Rendered, options: Options, found: Found | None, *, merged: bool) -> int:
    """Show the plan, ask, send and wait; what was started goes to stdout. Raises what appliers raise."""
    place = applier(args.action)
    where, value = _document(args, place, rendered, options, merged=merged)
    plan = place.plan(value, options, found, where=where)
    show(plan)
    if not plan.changes:
        warn("everything is there already, so nothing is sent.")
        return 0
    if not args.yes and not agreed():
        warn("nothing was sent.")
        return DECLINED
    try:
        started = plan.send()
    except KeyboardInterrupt:
        raise UnknownOutcomeError(
            f"{plan.call}: interrupted on the way, so nobody knows whether it was done; look before you try again."
        ) from None
    for name, text in started.ids.items():
        print(f"{name}: {text}")
    sys.stdout.flush()
    warn(f"done: {started.what}; see {started.look}.")
    if args.wait is False or started.state is None:
        return 0
    return _waited(started)


def _document(
    args: argparse.Namespace, place: Applier, rendered: Rendered, options: Options, *, merged: bool
) -> tuple[str, object]:
    """The artefact that is the request, with its name."""
    texts = {artefact.name: artefact.text for artefact in rendered.artefacts}
    name = rendered.artefacts[0].name
    if not merged:
        names = place.artefacts(options)
        wanted = next((one for one in names if one in texts), None)
        if wanted is None:
            raise UsageError(
                f"conf {args.action}: there is no {' and no '.join(names)} to send; give --application URI, --release "
                "NAME, or --into FILE."
            )
        name = wanted
    try:
        return name, json.loads(texts[name])
    except json.JSONDecodeError:
        raise ConfigError(f"{name}: --apply sends JSON alone; merge into a file of that.") from None


def show(plan: Plan) -> None:
    """The call that would be made, on stderr."""
    warn(f"the plan is {plan.call}")
    text = [f"  {plan.place}", f"  {plan.resource}", *(f"  {line}" for line in plan.warnings)]
    text += [f"    {line}" for line in lines(plan)]
    # Names come from the service, and whoever gave them may have meant the terminal.
    print("\n".join(map(harmless, text)), file=sys.stderr, flush=True)


def agreed() -> bool:
    """Ask on the terminal."""
    print("Do it? [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return False
    return answer.strip().lower() in {"y", "yes"}


def _waited(started: Started) -> int:
    from sparklineage.cli.main import INTERRUPTED  # noqa: PLC0415

    try:
        result = wait(started, sleep=time.sleep, tell=lambda state: warn(f"{started.what}: {harmless(state)}"))
    except KeyboardInterrupt:
        warn(f"not waited for any more: {started.what} goes on there; see {started.look}.")
        return INTERRUPTED
    _tell(result)
    return 0


def _tell(result: Result) -> None:
    if result.state is not None:
        print(f"state: {result.state.text}")
