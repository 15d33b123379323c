"""Whatever goes wrong on the way to AWS: one sentence, a status of its own, and never a call made twice."""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

import pytest

from tests.support.service import Answer, service
from tests.unit.apply.conftest import ROLE, Sleep
from tests.unit.cli.desk import CANARY, Desk

APPLY = ("conf", "emr", "--apply", "--yes", "--no-wait", "--application", "s3://lake/job.py")
RUN = ("conf", "emr-serverless", "--apply", "--yes", "--no-wait", "--application", "s3://lake/job.py",
       "--application-id", "00abc", "--execution-role", ROLE)  # fmt: skip

SIGN_IN = "the AWS session has expired; sign in again (`aws sso login`), or renew the credentials."
UNKNOWN = "AWS does not accept the credentials; check the access key, its secret and the clock of this machine."
LOST = (
    "the answer got lost on the way, so nobody knows whether it was done: look with `aws emr list-clusters --active` "
)
LOST += "before you try again."


def refusal(code: str, message: str = "no", status: int = 400) -> Answer:
    """As AWS' JSON protocol has it."""
    return status, "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message}).encode()


def at(url: str, *words: str) -> tuple[str, ...]:
    """The command, with an endpoint of its own; STS is asked first, so its answer is what the first request gets."""
    return (*words, "--endpoint-url", url)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("answer", "status", "sentence"),
    [
        (refusal("AccessDeniedException", f"arn is not {CANARY}"), 81,
         "this may not be done; allow elasticmapreduce:RunJobFlow, and iam:PassRole for its roles."),
        (refusal("ExpiredTokenException"), 80, SIGN_IN),
        (refusal("UnrecognizedClientException"), 80, UNKNOWN),
        (refusal("ValidationException", "The supplied release label is invalid: emr-7.5.0."), 86,
         "AWS refuses it with ValidationException: The supplied release label is invalid: emr-7.5.0."),
        (refusal("Odd\nCode", ""), 86, "AWS refuses it with an error: no reason is given."),
        (refusal("InternalFailure", status=500), 88, LOST),
    ],
)  # fmt: skip
def test_every_refusal_is_a_sentence(desk: Desk, answer: Answer, status: int, sentence: str) -> None:
    # The account is asked for first, and that nobody can tell it is no error.
    with service(lambda _: answer if asked.paths[1:] else refusal("Odd")) as asked:
        found, out, err = desk.run(*at(asked.url, *APPLY))
    assert (found, out) == (status, ""), err
    assert err.splitlines()[-1] == f"sparklineage: the new cluster in eu-west-1: {sentence}"
    assert len(asked.paths) == 2
    assert CANARY not in err


@pytest.mark.usefixtures("credentials")
def test_a_call_that_was_refused_because_of_too_many_is_repeated(desk: Desk, sleep: Sleep) -> None:
    good = (200, "application/x-amz-json-1.1", json.dumps({"JobFlowId": "j-1", "ClusterArn": "a"}).encode())
    with service(lambda _: good if len(asked.paths) == 4 else refusal("ThrottlingException")) as asked:
        assert desk.good(*at(asked.url, *APPLY)) == "JobFlowId: j-1\n"
    with service(lambda _: refusal("ThrottlingException")) as asked:
        status, _, err = desk.run(*at(asked.url, *APPLY))
    assert (status, len(asked.paths)) == (84, 5)
    assert "AWS refuses for now, after several attempts, and nothing was changed; try again later." in err
    assert sleep.seconds == [2, 4, 2, 4, 8]


@pytest.mark.usefixtures("credentials")
def test_an_answer_that_breaks_off_is_told_and_the_call_not_made_again(desk: Desk) -> None:
    def answer(_: str) -> Answer:
        # Fewer bytes than were promised.
        return refusal("Odd") if len(asked.paths) == 1 else (200, "application/json\r\nContent-Length: 900", b"{")

    with service(answer) as asked:
        status, out, err = desk.run(*at(asked.url, *APPLY))
    assert (status, out) == (88, ""), err
    assert "nobody knows whether it was done: look with `aws emr list-clusters --active` before you try again." in err
    assert len(asked.paths) == 2


@pytest.mark.usefixtures("credentials")
def test_nobody_there_means_that_nothing_was_sent(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    status, out, err = desk.run(*at(url, *APPLY))
    assert (status, out) == (84, "")
    assert "the new cluster in eu-west-1: AWS cannot be reached, and nothing was sent; check the network" in err


@pytest.mark.usefixtures("credentials")
def test_an_application_that_is_not_there_names_the_region(desk: Desk) -> None:
    answer = refusal("ResourceNotFoundException", "Application 00abc does not exist", 404)
    with service(lambda _: answer) as asked:
        sentence = desk.refused(82, *at(asked.url, *RUN))
    assert sentence == "the application 00abc in eu-west-1: it is not there; check --application-id and --region."


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("variable", "value", "status", "sentence"),
    [
        (
            "AWS_ACCESS_KEY_ID",
            None,
            80,
            "no AWS credentials were found; set AWS_PROFILE, or run where a role is given.",
        ),
        ("AWS_SECRET_ACCESS_KEY", None, 80, "the AWS credentials are incomplete; set the access key and its secret."),
        ("AWS_PROFILE", "absent", 80, "there is no such AWS profile as the one in AWS_PROFILE."),
    ],
)
def test_credentials_that_are_missing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, variable: str, value: str | None, status: int, sentence: str
) -> None:
    monkeypatch.delenv(variable, raising=False)
    if value is not None:
        monkeypatch.setenv(variable, value)
    with service(lambda _: refusal("Odd")) as asked:
        found, out, err = desk.run(*at(asked.url, *APPLY))
    assert (found, out, asked.paths) == (status, "", []), err
    assert err.splitlines()[-1].endswith(sentence)


@pytest.mark.usefixtures("credentials")
def test_the_region_is_the_options_then_the_configurations_then_the_environments(desk: Desk) -> None:
    region = "NoRegion"
    text = (desk.work / "sparklineage.yml").read_text()
    with service(lambda _: refusal("Odd")) as asked:
        for words, environ, region in (
            (("--region", "us-east-2"), {}, "us-east-2"),
            ((), {"AWS_REGION": "us-east-1"}, "eu-west-1"),
        ):
            assert f"the new cluster in {region}: " in desk.run(*at(asked.url, *APPLY), *words, **environ)[2]
        desk.write(text.replace(", region: eu-west-1", ""))
        assert "the new cluster in us-east-1: " in desk.run(*at(asked.url, *APPLY), AWS_REGION="us-east-1")[2]
        status, _, err = desk.run(*at(asked.url, *APPLY))
    assert status == 83
    assert err.splitlines()[-1] == "sparklineage: Amazon EMR: no AWS region is known; give --region, or set AWS_REGION."


@pytest.mark.usefixtures("credentials")
def test_without_apply_nobody_is_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with service(lambda _: refusal("Odd")) as asked:
        monkeypatch.setenv("AWS_ENDPOINT_URL", asked.url)
        desk.good("conf", "emr", "--application", "s3://lake/job.py")
        for option in ("--cluster-id=j-1", "--yes", "--wait", "--no-wait", f"--endpoint-url={asked.url}"):
            sentence = desk.refused(2, "conf", "emr", "--application", "s3://lake/job.py", option)
            assert sentence == f"conf emr: {option.partition('=')[0]} needs --apply; nothing was sent."
        for empty in ("", " "):
            sentence = desk.refused(2, "conf", "emr", "--application", empty)
            assert sentence == "conf emr: --application is empty; give the address of the file to run."
    assert asked.paths == []


@pytest.mark.usefixtures("credentials")
def test_without_a_terminal_somebody_has_to_have_said_yes(desk: Desk) -> None:
    with service(lambda _: refusal("Odd")) as asked:
        words = [word for word in at(asked.url, *APPLY) if word != "--yes"]
        sentence = desk.refused(2, *words)
        assert sentence == "conf emr: --apply asks on a terminal, and here is none; give --yes."
        assert "leave --allow-literal-secrets out" in desk.refused(2, *at(asked.url, *APPLY), "--allow-literal-secrets")
        desk.write("[]", "x.json")
        assert "exclude each other" in desk.refused(2, *at(asked.url, *APPLY), "--diff", "--into", "x.json")
    assert asked.paths == []


class Terminal:
    """A person at the keyboard."""

    def __init__(self, answer: str | None) -> None:
        self.answer = answer

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        if self.answer is None:
            raise KeyboardInterrupt
        return self.answer


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("answer", "sent"), [("y\n", True), ("YES\n", True), ("\n", False), ("n\n", False), ("", False), (None, False)]
)
def test_a_person_is_asked_and_silence_means_no(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: str | None, sent: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    good = (200, "application/x-amz-json-1.1", json.dumps({"JobFlowId": "j-1", "ClusterArn": "a"}).encode())
    with service(lambda _: good if len(asked.paths) == 2 else refusal("Odd")) as asked:
        words = [word for word in at(asked.url, *APPLY) if word != "--yes"]
        status, out, err = desk.run(*words)
    assert "Do it? [y/N] " in err
    if sent:
        assert (status, out, len(asked.paths)) == (0, "JobFlowId: j-1\n", 2)
    else:
        assert (status, out, len(asked.paths)) == (130, "", 1)
        assert "nothing was sent." in err


@pytest.mark.usefixtures("credentials")
def test_a_secret_in_the_configuration_is_not_sent(desk: Desk) -> None:
    text = (desk.work / "sparklineage.yml").read_text()
    auth = f"auth: {{type: api_key, apiKey: {CANARY}}}}}"
    desk.write(text.replace('lineage.example.com"}', f'lineage.example.com", {auth}'))
    with service(lambda _: refusal("Odd")) as asked:
        status, out, err = desk.run(*at(asked.url, *APPLY))
    assert (status, out, asked.paths) == (64, "", [])
    assert CANARY not in err


def test_without_boto3_one_sentence_says_what_to_install(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    status, out, err = desk.run(*APPLY)
    assert (status, out) == (75, "")
    assert err.splitlines()[-1] == (
        "sparklineage: Amazon EMR: --apply needs boto3; run `pip install 'sparklineage-toolkit[aws]'`."
    )


@pytest.mark.usefixtures("credentials")
def test_a_network_that_is_away_while_waiting_ends_it_after_a_while_and_says_where_to_look(
    desk: Desk, sleep: Sleep
) -> None:
    answers: list[Any] = [refusal("Odd"), (200, "application/json", json.dumps({"JobFlowId": "j-1"}).encode())]
    with service(lambda _: answers.pop(0) if answers else refusal("AccessDeniedException")) as asked:
        status, out, err = desk.run(*at(asked.url, *(word for word in APPLY if word != "--no-wait")))
    assert (status, out) == (81, "JobFlowId: j-1\n")
    assert "What has become of the cluster j-1 is not known: see aws emr describe-cluster --cluster-id j-1" in err
    assert sleep.seconds == []
