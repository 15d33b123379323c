# shellcheck shell=bash
# What a Spark gets that is on the node already.
# Settings: SCALA, SPARK_JARS, WITNESS, WITNESS_SHA256.

# Whether the agent was built for the Scala of the Spark with these folders of JARs; another one's would end every
# application.
fitting() {
  local folder jar version
  for folder in "$@"; do
    for jar in "$folder"/scala-library-*.jar; do
      [[ -f $jar ]] || continue
      version=${jar##*/scala-library-}
      [[ $version == "$SCALA".* ]] && continue
      printf '%s has Scala %s, and the agent of this kit is for %s; make a kit for this Spark\n' \
        "$folder" "${version%.jar}" "$SCALA" >&2
      return 1
    done
  done
}

# Puts the witness into Spark's folders, in the place of older ones.
witness() {
  local folder
  for folder in "${SPARK_JARS[@]}"; do
    expose "$WITNESS" "$WITNESS_SHA256" "$folder" && retire "$folder" sparklineage-witness- "$WITNESS" || return
  done
}
