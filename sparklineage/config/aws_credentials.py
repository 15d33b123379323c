"""A sentence for each way in which a machine has no credentials of AWS, or has such as AWS does not take."""

from __future__ import annotations

EXPIRED = "the AWS session has expired; sign in again (`aws sso login`), or renew the credentials."
UNKNOWN = "AWS does not accept the credentials; check the access key, its secret and the clock of this machine."
_CANNOT = "the AWS credentials cannot be had; try `aws sts get-caller-identity`."

BY_CLASS = {
    "NoCredentialsError": "no AWS credentials were found; set AWS_PROFILE, or run where a role is given.",
    "PartialCredentialsError": "the AWS credentials are incomplete; set the access key and its secret.",
    "CredentialRetrievalError": _CANNOT,
    "MetadataRetrievalError": _CANNOT,
    "ProfileNotFound": "there is no such AWS profile as the one in AWS_PROFILE.",
    "ConfigParseError": "the AWS configuration file cannot be read.",
    "SSOError": EXPIRED,
    "TokenRetrievalError": EXPIRED,
    "NoAuthTokenError": EXPIRED,
}
"""By the name of the class of botocore.exceptions, which is raised before a service is asked; of its subclasses too."""
