# shellcheck shell=bash
# The JARs in Spark's own folder, where no --jars and no --driver-class-path displaces them.
#
# A listener that is named in Spark's configuration and is not on the class path stops every application. So the small
# JARs travel inside this script, and come first of all: the witness, and an empty class in the agent's name, which
# Spark leaves out with a line in its log. Whatever happens to the rest, a job starts.
# Settings: ABSENT_BASE64, ABSENT_SHA256, AGENT, AGENT_SHA256, BASE, JARS_BY, SPARK_JARS, WITNESS, WITNESS_BASE64,
#   WITNESS_SHA256.

# The name of the JAR that stands in for the agent.
readonly ABSENT=sparklineage-absent.jar

# Whether an agent is in a folder; a link that leads nowhere is none.
agent_in() {
  local jar
  for jar in "$1"/openlineage-spark_*.jar; do
    [[ -f $jar ]] && return 0
  done
  return 1
}

# Whether a JAR in a folder of Spark's was put there by us: by its name, or because it comes from our own folder.
ours() {
  local name=${1##*/}
  case $name in sparklineage-*) return 0 ;; esac
  [[ $(readlink "$1") == "$BASE/lib/"* ]] && return 0
  [[ $JARS_BY == copy && -e $BASE/lib/$name ]]
}

# Shows a JAR of our folder in one of Spark's, as a link or a copy.
expose() {
  local name=$1 sha256=$2 folder=$3
  if [[ -e $folder/$name ]] && ! ours "$folder/$name"; then
    printf '%s is a file of somebody else, and stays\n' "$folder/$name" >&2
  elif [[ $JARS_BY == copy ]]; then
    intact "$folder/$name" "$sha256" || place "$folder/$name" 0644 "$sha256" <"$BASE/lib/$name"
  else
    linked "$BASE/lib/$name" "$folder/$name"
  fi
}

# Removes what is ours in a folder of Spark's and begins with a name, but for one; tells of what is not ours.
retire() {
  local folder=$1 prefix=$2 kept=$3 jar
  for jar in "$folder/$prefix"*.jar; do
    [[ -e $jar || -L $jar ]] || continue
    if [[ ${jar##*/} == "$kept" ]]; then
      continue
    elif ours "$jar"; then
      rm -f "$jar"
    else
      printf '%s is beside ours, and one of them will not be used; remove it\n' "$jar" >&2
    fi
  done
}

# Prints the bytes of lines of base64.
unpacked() {
  printf '%s\n' "$@" | base64 -d
}

# The very first step: every folder of Spark's gets a class for each listener that the configuration names.
shield() {
  local folder stored=yes status=0
  sweep "$BASE/lib"
  # A damaged agent is worse than none; its link then leads nowhere.
  intact "$BASE/lib/$AGENT" "$AGENT_SHA256" || rm -f "$BASE/lib/$AGENT"
  unpacked "${WITNESS_BASE64[@]}" | place "$BASE/lib/$WITNESS" 0644 "$WITNESS_SHA256" || stored='' status=1
  for folder in "${SPARK_JARS[@]}"; do
    mkdir -p "$folder" || status=1
    sweep "$folder"
    # Where our own folder takes no files, Spark's may.
    if [[ -z $stored ]] || ! expose "$WITNESS" "$WITNESS_SHA256" "$folder"; then
      unpacked "${WITNESS_BASE64[@]}" | place "$folder/$WITNESS" 0644 "$WITNESS_SHA256" || status=1
    fi
    # Never beside an agent: Spark takes the class from either.
    agent_in "$folder" || unpacked "${ABSENT_BASE64[@]}" | place "$folder/$ABSENT" 0644 "$ABSENT_SHA256" || status=1
    [[ -e $folder/$WITNESS ]] && retire "$folder" sparklineage-witness- "$WITNESS"
  done
  return "$status"
}

# Puts the agent that was fetched in the place of its stand-in and of older ones.
agent() {
  # Last, as by the files of our own folder we know our copies.
  expose_agent && surplus
}

# Shows the agent in each of Spark's folders.
expose_agent() {
  local folder status=0
  if ! intact "$BASE/lib/$AGENT" "$AGENT_SHA256"; then
    printf '%s is not there\n' "$BASE/lib/$AGENT" >&2
    return 1
  fi
  for folder in "${SPARK_JARS[@]}"; do
    if expose "$AGENT" "$AGENT_SHA256" "$folder" && agent_in "$folder"; then
      # The agent first: at no time is there none of the two.
      rm -f "$folder/$ABSENT"
      retire "$folder" openlineage-spark_ "$AGENT"
    else
      status=1
    fi
  done
  return "$status"
}

# Removes the JARs of our own folder that are none of this kit.
surplus() {
  local jar
  for jar in "$BASE"/lib/*.jar; do
    case ${jar##*/} in "$AGENT" | "$WITNESS") ;; *) rm -f "$jar" ;; esac
  done
}

# Takes our links out of folders of Spark's.
without_jars() {
  local folder jar status=0
  for folder in "$@"; do
    for jar in "$folder"/openlineage-spark_*.jar "$folder"/sparklineage-*.jar; do
      [[ $(readlink "$jar") != "$BASE/lib/"* ]] || rm -f "$jar" || status=1
    done
  done
  return "$status"
}
