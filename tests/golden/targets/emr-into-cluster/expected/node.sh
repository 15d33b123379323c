#!/bin/bash
# Prepares a node for lineage, as a bootstrap action of EMR. Made by sparklineage.
#
# Agent 1.53.0 for Scala 2.12: the newest that is known, runs on emr-7.5.0.
# Delivery is outbox: asked for by sparklineage.yml:8:3.
# Upload openlineage-spark_2.12-1.53.0.jar and sparklineage-witness-0.1.0.jar: `sparklineage jar upload s3://example-lake/lineage --platform emr --release emr-7.5.0 --version 1.53.0`; the EC2 role of the cluster reads them.
# Each node keeps the journals of its drivers in /var/lib/sparklineage/journal, and nothing delivers them: install sparklineage on the nodes, and run `sparklineage relay watch --journal /var/lib/sparklineage/journal` there as long as the cluster lives: the journals end with it. delivery.mode: direct needs none of that.

set -u
umask 027
# Another folder for the keys may be given, for a try.
folder=${1:-/etc/sparklineage}

say() {
  printf 'sparklineage: %s\n' "$*" >&2
}

# A folder with a mode; where this user may not, sudo may.
made() {
  install -d -m "$2" "$1" 2>/dev/null ||
    sudo -n install -d -m "$2" -o "$(id -un)" -g "$(id -gn)" "$1"
}

main() {
  # Every user who runs a driver makes folders of his own in it, and sees nothing of the others.
  made /var/lib/sparklineage/journal 1777 || say 'the journal cannot be made:' /var/lib/sparklineage/journal
}

# In a shell of its own, so that nothing in it can end this one: a node must come up without lineage too.
(main) || say 'went on without the keys; the backend will refuse what it gets'
exit 0
