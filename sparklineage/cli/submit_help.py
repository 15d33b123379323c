"""The help text of `sparklineage submit`."""

from __future__ import annotations

import textwrap

from sparklineage.submit.options import OWN_OPTIONS

_INTRO = """\
usage: sparklineage submit [options] [spark-submit options] APP [APP arguments]

Start the real spark-submit with the OpenLineage listener configured, and record how the application and every query
of it really ended. Every spark-submit option passes through as it is; nothing after APP is touched. The exit status is
the job's own. Without a backend (--backend, SPARKLINEAGE_BACKEND, OPENLINEAGE_URL, MARQUEZ_URL, a configuration file)
the lineage stays in the journal: `sparklineage graph` draws it.

options:"""

_ENVIRONMENT = """\
environment:
  SPARKLINEAGE_BACKEND, OPENLINEAGE_URL, MARQUEZ_URL
                                   address of the backend; of several the first one here counts
  OPENLINEAGE_API_KEY              sent as a bearer token
  OPENLINEAGE_ENDPOINT             path of the receiver (default: api/v1/lineage)
  SPARKLINEAGE_NAMESPACE, OPENLINEAGE_NAMESPACE, NAMESPACE
                                   namespace of the job
  SPARKLINEAGE_JOB_NAME, JOB_NAME  name of the job
  OPENLINEAGE_PARENT_ID, OPENLINEAGE_ROOT_PARENT_ID, OPENLINEAGE_CONTEXT
                                   the run that this job belongs to
  OPENLINEAGE_DISABLED=true        run the bare job
  SPARKLINEAGE_CONFIG              the configuration file, for --config
  SPARKLINEAGE_PROFILE             its profile, for --profile
  SPARKLINEAGE_JOURNAL             where the journal is kept
  SPARKLINEAGE_DRAIN_TIMEOUT       seconds to go on delivering after the job (default: 10)
  SPARKLINEAGE_REPOSITORY          Maven repository to fetch the agent from
  SPARKLINEAGE_REPOSITORY_USERNAME, SPARKLINEAGE_REPOSITORY_PASSWORD
                                   the login for it, where neither its URL nor ~/.netrc has one

spark-submit's own options: sparklineage submit --usage-error"""


def help_text() -> str:
    """What `sparklineage submit --help` prints."""
    lines = [_INTRO]
    for option in OWN_OPTIONS:
        left = f"  {option.flag} {option.metavar}" if option.metavar else f"  {option.flag}"
        wrapped = textwrap.wrap(option.help, 80) or [""]
        lines.append(f"{left:<27}{wrapped[0]}")
        lines += [f"{'':<27}{more}" for more in wrapped[1:]]
    return "\n".join([*lines, "", _ENVIRONMENT])
