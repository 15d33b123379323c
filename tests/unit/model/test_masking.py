"""Secrets in text are masked, whatever the text looks like, and in time that grows with its length."""

from __future__ import annotations

import time

import pytest

from sparklineage.model.masking import mask, secrets_of


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("jdbc:postgresql://joe:hunter2@db:5432/x", "jdbc:postgresql://********@db:5432/x"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ********"),
        ("spark.my.password=hunter2, next", "spark.my.password=********, next"),
        ('{"apiKey": "k-1", "b": 2}', '{"apiKey": "********", "b": 2}'),
        ("used AKIAABCDEFGHIJKLMNOP here", "used ******** here"),
        ("https://h/in?team=a&code=abc+/=&b=1", "https://h/in?team=a&code=********&b=1"),
        ("https://h/in?sig=abc", "https://h/in?sig=********"),
        ("https://h/k?X-Goog-Signature=abc&x=1", "https://h/k?X-Goog-Signature=********&x=1"),
        ("webhdfs://nn/x?delegation=abc", "webhdfs://nn/x?delegation=********"),
        ("AccountName=a;AccountKey=abc==;b=1", "AccountName=a;AccountKey=********;b=1"),
        ("SharedAccessKey=abc=;EntityPath=b", "SharedAccessKey=********;EntityPath=b"),
        ("Uid=sa;Pwd=abc;b=1", "Uid=sa;Pwd=********;b=1"),
        ("pwd is /home", "pwd is /home"),
        ("\tat a.Token.decode(Token.java:12)\n", "\tat a.Token.decode(Token.java:12)\n"),
        ("file:///data/x and s3://bucket/key", "file:///data/x and s3://bucket/key"),
    ],
)
def test_what_looks_like_a_secret_is_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_given_secrets_are_masked_wherever_they_stand() -> None:
    assert mask("see canary-4711!", ["canary-4711"]) == "see ********!"


@pytest.mark.parametrize("part", ["a.", "token", "secret.-", "a://", "password =", "bearer "])
def test_time_grows_with_the_length_of_the_text(part: str) -> None:
    began = time.process_time()
    mask(part * (16_384 // len(part)))
    assert time.process_time() - began < 2


def test_the_values_of_secret_variables_are_known() -> None:
    environ = {
        "OPENLINEAGE_API_KEY": " key-123456\n",
        "GH_TOKEN": "tok-123456",
        "PGPASSWORD": "pass-12345",
        "CLIENT_SECRET": "sec-123456",
        "DB_CREDENTIALS": "joe:hunter2",
        "AWS_SECRET_ACCESS_KEY": "/begins/with-a-slash",
        "GOOGLE_APPLICATION_CREDENTIALS": "/etc/key.json",
        "SHORT_TOKEN": "abc",
        "TOKENIZER": "wordpiece",
        "PASSWORD_FILE": "/run/secret",
        "HOME": "/home/joe",
    }
    assert secrets_of(environ) == (
        "key-123456", "tok-123456", "pass-12345", "sec-123456", "joe:hunter2", "/begins/with-a-slash"
    )  # fmt: skip
