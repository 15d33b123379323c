"""The metastore's allowlist of init scripts: read, and with ours on it written back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.apply.interface import Plan, Started
from sparklineage.apply.workspace import Asked, Workspace
from sparklineage.errors import ApplyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.apply.interface import Json

_PATH = "/api/2.1/unity-catalog/artifact-allowlists/INIT_SCRIPT"
_FIELD = "artifact_matchers"


def plan(change: Callable[[Json], Json], workspace: Workspace | None = None) -> Plan:
    """The call that would bring the list to what `change` makes of the present one; nothing is sent yet.

    Sending it raises ApplyError where somebody has changed the list meanwhile: an update replaces all of it.
    """
    workspace = workspace or Workspace()
    present = _read(workspace)
    wanted = change(present)
    before = {_FIELD: present.get(_FIELD) or []}
    asked = Asked(
        what=f"the allowlist of init scripts of the metastore of {workspace.host}",
        rights="MANAGE ALLOWLIST on the metastore",
        look=f"at {workspace.host}/explore/data, under the settings of the metastore",
    )

    def send() -> Started:
        if (_read(workspace).get(_FIELD) or []) != before[_FIELD]:
            raise ApplyError(f"{asked.what} was changed by somebody meanwhile, so nothing was sent; try again.")
        workspace.send(_PATH, wanted, asked, method="PUT")
        return Started(what=asked.what, ids={}, look=f"{workspace.host}/explore/data")

    return Plan(
        call="artifact-allowlists/update of Databricks",
        place=workspace.where(),
        resource="the metastore's allowlist of init scripts, for all of its workspaces, changes",
        request=wanted,
        before=before,
        warnings=("The call replaces the whole list, so all that is on it is sent again.",),
        send=send,
    )


def _read(workspace: Workspace) -> Json:
    what = f"the allowlist of init scripts of the metastore of {workspace.host}"
    return workspace.ask("GET", _PATH, Asked(what=what, rights="MANAGE ALLOWLIST on the metastore"))
