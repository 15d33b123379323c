"""A service of AWS, asked through boto3: requests checked against its own model, and never sent twice by accident."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sparklineage.apply.aws_errors import THROTTLED, Asked, code_of, translated
from sparklineage.apply.shown import plain_secrets, secrets_in
from sparklineage.config.secrets.remote import quiet
from sparklineage.errors import ConfigError, CredentialsError, MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.apply.interface import Json, Options

_ATTEMPTS = 4
_VALUE = re.compile(r", value: .*", re.DOTALL)
"""What botocore's report quotes of the request."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service in one region."""

    name: str
    """As boto3 has it: `emr`."""
    title: str
    """`Amazon EMR`."""
    options: Options
    sleep: Callable[[float], None] = field(default_factory=lambda: time.sleep)
    _made: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def region(self) -> str:
        """Raises RegionError where nobody says it."""
        return str(self._client().meta.region_name)

    def where(self) -> str:
        """The account, who asks, the region and the endpoint if it is not AWS' own.

        Raises CredentialsError for credentials that AWS does not know. That it cannot be asked is no error.
        """
        region = self.region
        asked = Asked(what=f"{self.title} in {region}", action="sts:GetCallerIdentity", absent="check the endpoint")
        try:
            found = self.ask_other("sts", "GetCallerIdentity", {}, asked)
            who = f"account {found.get('Account')} as {found.get('Arn')}"
        except CredentialsError:
            raise
        except Exception:  # noqa: BLE001 - the service itself is what counts
            who = "an account that cannot be told"
        other = f", by {self.options.endpoint_url}" if self.options.endpoint_url else ""
        return f"{who}, region {region}{other}"

    def ask(self, operation: str, params: Json, asked: Asked) -> Json:
        """What the service answers to a question, which boto3 repeats where it is refused for now."""
        return self._ask(self.name, operation, params, asked)

    def ask_other(self, service: str, operation: str, params: Json, asked: Asked) -> Json:
        """The same of another service, shortly and once: nothing depends on its answer."""
        return self._ask(service, operation, params, asked)

    def send(self, operation: str, params: Json, asked: Asked) -> Json:
        """What it answers to a call that changes something.

        It is repeated where the service was asked too often, and nowhere else: a cluster started twice costs twice.
        """
        return self._ask(self.name, operation, params, asked, once=True)

    def checked(self, operation: str, params: Json, where: str) -> Json:
        """The same request. Raises ConfigError for what the service's model does not allow; no value is quoted."""
        with quiet():
            client = self._client()
            from botocore.validate import ParamValidator

            shape = client.meta.service_model.operation_model(operation).input_shape
            # boto3 makes the tokens by which a service knows a repeated request.
            tokens = {
                name: "token" for name, member in shape.members.items() if member.metadata.get("idempotencyToken")
            }
            report = ParamValidator().validate(tokens | params, shape)
        if report.has_errors():
            first, *others = [
                _VALUE.sub(" is of the wrong type", line) for line in report.generate_report().splitlines()
            ]
            more = f" ({len(others)} more of this kind)" if others else ""
            raise ConfigError(f"{where}: {self.title} would refuse it: {first.rstrip('.')}{more}.")
        return params

    def _ask(self, service: str, operation: str, params: Json, asked: Asked, *, once: bool = False) -> Json:
        with quiet():
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    client = self._client(service, once=once)
                    method = next(name for name, api in client.meta.method_to_api_mapping.items() if api == operation)
                    return dict(getattr(client, method)(**params))
                except Exception as error:  # noqa: BLE001 - whatever boto3 raises becomes a sentence
                    if not once or code_of(error) not in THROTTLED or attempt == _ATTEMPTS:
                        raise translated(error, asked) from None
                self.sleep(2.0**attempt)
        raise AssertionError  # not reached

    def _client(self, service: str | None = None, *, once: bool = False) -> Any:
        service = service or self.name
        if (made := self._made.get(f"{service} {once}")) is not None:
            return made
        try:
            import boto3
            from botocore.config import Config
        except ImportError:
            raise MissingExtraError(
                f"{self.title}: --apply needs boto3; run `pip install 'sparklineage-toolkit[aws]'`."
            ) from None
        # Where the others cannot be reached nobody shall wait for them.
        attempts, seconds = (1, 60) if once else (_ATTEMPTS, 30) if service == self.name else (1, 5)
        retries: Any = {"mode": "standard", "total_max_attempts": attempts}
        config = Config(connect_timeout=min(seconds, 10), read_timeout=seconds, retries=retries)
        try:
            session = boto3.Session(region_name=self.options.region)
            make = partial(session.client, service, config=config)
            made = self._made[f"{service} {once}"] = make(endpoint_url=self.options.endpoint_url)
        except Exception as error:  # noqa: BLE001
            raise translated(error, Asked(what=self.title, action="", absent="")) from None
        return made


def named(value: str | None, given: object, *, flag: str, field_name: str, pattern: str, where: str) -> str:
    """What an option says, else the field of the document. Raises UsageError where neither does, or they disagree."""
    own = given if isinstance(given, str) and re.fullmatch(pattern, given) else None
    if value is None and own is None:
        raise UsageError(f"{where}: {field_name} is missing; give {flag}.")
    if value is not None and not re.fullmatch(pattern, value):
        raise UsageError(f"{flag} is {value[:100]!r}, which is no {field_name}.")
    if value is not None and own is not None and value != own:
        raise UsageError(f"{flag} is {value}, but {where} has {own} as its {field_name}; take one of them out.")
    return value or own or ""


def document(value: object, where: str, wanted: str) -> Json:
    """A JSON object of the user's. Raises ConfigError for anything else; `wanted` says what is."""
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: this starts nothing; --apply needs {wanted}.")
    return dict(value)


def secret_warnings(request: Json) -> tuple[str, ...]:
    """What to say about secrets in plain text, which are the user's own: ours are references."""
    return tuple(
        f"{name} holds a secret in plain text, which everybody can read who may describe it."
        for name in plain_secrets(request)
    )


def about(what: str, action: str, absent: str, *, look: str | None = None, request: Json | None = None) -> Asked:
    """A question that nothing of the request's secrets comes out of."""
    return Asked(what=what, action=action, absent=absent, look=look, secrets=secrets_in(request or {}))
