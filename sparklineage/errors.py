"""Every error that the toolkit raises, each with an exit code of its own.

    SparklineageError
    ├── UsageError                 2   an option that does not exist, or a value it cannot take
    ├── ConfigError               64   an unreadable or wrong configuration file, environment value or URL
    ├── JournalError              65   the journal cannot be written or read
    │   └── JournalTooNewError    66   written by a newer version of the toolkit
    ├── JournalBusyError          67   another process delivers this journal, or its job is alive
    ├── UnknownRunError           68   no such run in the journal
    ├── ApplicationNotFoundError  69   the application file of `submit` does not exist
    ├── JavaError                 70   no Java, or one that this Spark cannot use
    ├── SparkNotFoundError        71   no spark-submit
    ├── UnsupportedSparkError     72   no known agent works with this Spark
    ├── AgentJarError             73   the agent JAR cannot be had, or is damaged
    ├── DigestError               74   a download whose digest is wrong, twice
    ├── MissingExtraError         75   an optional dependency is not installed
    ├── StrictError               76   lineage cannot be had and --strict was given
    ├── DeliveryError             77   `relay drain` could not deliver everything
    ├── SessionRunsError          78   a Spark session already runs, and cannot take the lineage's properties any more
    ├── StoreError                79   a bucket, workspace or folder cannot be read or written
    │   ├── CredentialsError      80   no credentials for it, or it does not accept them
    │   ├── ForbiddenError        81   the credentials may not do what is needed
    │   ├── NoSuchPlaceError      82   the bucket, volume, folder, cluster or application does not exist
    │   ├── RegionError           83   the bucket lies in another region, or no region is known
    │   ├── TransferError         84   the network broke off; nothing was left half done
    │   └── OccupiedError         85   a file with other content is there
    └── ApplyError                86   a platform refuses what `--apply` asks it to do
        ├── JobFailedError        87   what was started there failed or was cancelled
        └── UnknownOutcomeError   88   the answer got lost: whether it was done is not known

The exit status of a job that ran is the job's own and is never replaced by one of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class SparklineageError(Exception):
    """The root: one sentence that says where, what was found and what to do, and an exit code."""

    exit_code: ClassVar[int] = 1
    meaning: ClassVar[str] = "an error of the toolkit"


class UsageError(SparklineageError, ValueError):
    exit_code = 2
    meaning = "an option that does not exist, or a value it cannot take"


class ConfigError(SparklineageError, ValueError):
    exit_code = 64
    meaning = "an unreadable or wrong configuration file, environment value or URL"


class JournalError(SparklineageError, OSError):
    exit_code = 65
    meaning = "the journal cannot be written or read"


class JournalTooNewError(JournalError):
    exit_code = 66
    meaning = "the journal was written by a newer version of the toolkit"


class JournalBusyError(SparklineageError):
    exit_code = 67
    meaning = "another process delivers this journal, or its job is still alive"


class UnknownRunError(SparklineageError, LookupError):
    exit_code = 68
    meaning = "no such run in the journal"


class ApplicationNotFoundError(SparklineageError, FileNotFoundError):
    exit_code = 69
    meaning = "the application file does not exist"


class JavaError(SparklineageError):
    exit_code = 70
    meaning = "no Java, or one that this Spark cannot use"


class SparkNotFoundError(SparklineageError, FileNotFoundError):
    exit_code = 71
    meaning = "no spark-submit was found"


class UnsupportedSparkError(SparklineageError):
    exit_code = 72
    meaning = "no known agent works with this Spark and Scala"


class AgentJarError(SparklineageError):
    exit_code = 73
    meaning = "the agent JAR cannot be had, or is damaged"


class DigestError(AgentJarError):
    exit_code = 74
    meaning = "a downloaded file has the wrong digest, twice"


class MissingExtraError(SparklineageError, ImportError):
    exit_code = 75
    meaning = "an optional dependency is not installed"


class StrictError(SparklineageError):
    exit_code = 76
    meaning = "lineage cannot be had and --strict was given"


class DeliveryError(SparklineageError):
    exit_code = 77
    meaning = "not every event could be delivered"


class SessionRunsError(SparklineageError, RuntimeError):
    exit_code = 78
    meaning = "a Spark session already runs, and cannot take the properties of lineage any more"


class StoreError(SparklineageError):
    exit_code = 79
    meaning = "a bucket, workspace or folder cannot be read or written"


class CredentialsError(StoreError):
    exit_code = 80
    meaning = "there are no credentials for a service, or it does not accept them"


class ForbiddenError(StoreError):
    exit_code = 81
    meaning = "the credentials may not do what is needed"


class NoSuchPlaceError(StoreError):
    exit_code = 82
    meaning = "the bucket, volume, folder, cluster or application does not exist"


class RegionError(StoreError):
    exit_code = 83
    meaning = "the bucket lies in another region, or no region is known"


class TransferError(StoreError):
    exit_code = 84
    meaning = "the network broke off, or a service refuses for now; nothing was left half done"


class OccupiedError(StoreError):
    exit_code = 85
    meaning = "a file with other content is there already"


class ApplyError(SparklineageError):
    exit_code = 86
    meaning = "a platform refuses what it is asked to do"


class JobFailedError(ApplyError):
    exit_code = 87
    meaning = "what was started on a platform failed or was cancelled"


class UnknownOutcomeError(ApplyError):
    exit_code = 88
    meaning = "a platform's answer got lost, so that nobody knows whether it did what it was asked"


def suggestion(name: str, known: Iterable[str]) -> str:
    """` Did you mean X?` for the known name nearest to `name`, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 - a job imports this module, and makes no such slip

    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""


def tree(root: type[SparklineageError] = SparklineageError) -> Iterator[type[SparklineageError]]:
    """`root` and every class of this module below it, parents first."""
    yield root
    for child in root.__subclasses__():
        # A room may tell its own cases apart by a subclass; to the outside it is the error of this module.
        if child.__module__ == __name__:
            yield from tree(child)
