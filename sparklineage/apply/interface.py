"""What an applier is: a whole module that plans one call of a service, makes it, and says how things stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Options:
    """Where to ask, and for what. Credentials are found by the vendors' own rules."""

    region: str | None = None
    """Of AWS; None leaves it to boto3."""
    endpoint_url: str | None = None
    """Of AWS; None leaves it to boto3."""
    cluster_id: str | None = None
    """Of EMR or Databricks: the cluster that is there already."""
    application_id: str | None = None
    """Of EMR Serverless."""
    virtual_cluster_id: str | None = None
    """Of EMR on EKS."""
    execution_role: str | None = None
    """The ARN of the role of a job run."""
    needs: tuple[str, ...] = ()
    """Where the files lie that it will read: JARs, the application."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is there already, of which a request depends."""

    name: str
    """For sentences about it."""
    release: str | None
    """The platform's own name of its release."""
    text: str | None = None
    """The JSON that lineage has to be merged into; None where the request stands for itself."""
    state: Json = field(default_factory=dict, repr=False)
    """All that the service says about it."""


@dataclass(frozen=True, kw_only=True)
class State:
    """How far something is that was started."""

    text: str
    """In the words of the service."""
    done: bool = False
    failed: bool = False
    reason: str = ""
    """Why it failed, as far as the service says so; no secret of the request is in it."""


@dataclass(frozen=True, kw_only=True)
class Started:
    """What a service has begun, or done already."""

    what: str
    """For sentences: `the job run 00f… of the application 00e…`."""
    ids: Mapping[str, str]
    """What it goes by, in the words of the service."""
    look: str
    """Where a person sees how it is: a command, or an address."""
    state: Callable[[], State] | None = field(default=None, repr=False)
    """Asks the service; None where nothing goes on."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What has become of it."""

    started: Started
    state: State | None
    """The last one; None where nothing was waited for."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One call that would be made. Nothing has been changed yet."""

    call: str
    """`RunJobFlow of Amazon EMR`."""
    place: str
    """The account and region, or the workspace, and who asks."""
    resource: str
    """What comes to be or changes, in a sentence."""
    request: Json = field(repr=False)
    """All that is sent; it may hold secrets of the user's own."""
    before: Json | None = field(default=None, repr=False)
    """For an edit: what is there, in the form of `request`."""
    warnings: tuple[str, ...] = ()
    """What happens besides."""
    send: Callable[[], Started] = field(repr=False)
    """Makes the call. Raises UnknownOutcomeError where the answer got lost, and what the service refuses with."""

    @property
    def changes(self) -> bool:
        """Whether anything would come of it."""
        return self.before is None or self.before != self.request


class Applier(Protocol):
    """A whole module satisfies this. Whatever asks a service raises ApplyError, CredentialsError, ForbiddenError,
    NoSuchPlaceError, RegionError, TransferError and MissingExtraError.
    """

    def artefacts(self, options: Options) -> tuple[str, ...]:
        """The names of the target's artefacts that can be the request, the first that is there; the target's main one
        counts where lineage was merged into a file of the user's.
        """

    def existing(self, options: Options) -> Found | None:
        """What is there already; None where everything is to come."""

    def plan(self, document: object, options: Options, found: Found | None, *, where: str) -> Plan:
        """The call for a document, checked against the service's own model. `where` names the document.

        Raises ConfigError for what the service would refuse, UsageError for an option that is missing.
        """
