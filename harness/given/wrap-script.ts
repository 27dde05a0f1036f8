import { EFFECT_FILES } from "../observe/index.ts";

export interface WrapOptions {
  readonly workflow: string;
  readonly task: string;
  /** What the case's author wrote. */
  readonly script: string;
  /** The case's folder: where effects are left, and what the script sees as WORK. */
  readonly workDirectory: string;
}

/** The wrapper could not leave its effect (sysexits: internal error): the run must not go unseen. */
const CANNOT_TELL = 70;

/**
 * Wraps a script so that each of its runs tells of itself, whatever the scheduler says: format in observe/effects.ts.
 * The script gets RUN (the number of this start) and WORK, and its exit code is that of the whole.
 *
 * POSIX sh but for `mv -T`. A run's number is the first that is free; its folder is moved into place with the file that
 * tells of the start already in it, so that a run that is killed in between was never there. No `${name}` outside the
 * author's own script: the scheduler replaces those by parameters.
 */
export function wrapScript({ workflow, task, script, workDirectory }: WrapOptions): string {
  const { directory, started, finished, overlaps } = EFFECT_FILES;
  return `WORK=${quote(workDirectory)}
tell="$WORK/${directory}/"${quote(`${workflow}.${task}`)}"/$FAILOVER_WORKFLOW_INSTANCE_ID"
mkdir -p "$tell" || exit ${CANNOT_TELL}
group=$$
read -r _ _ _ _ group _ 2>/dev/null </proc/$$/stat
who="$FAILOVER_TASK_INSTANCE_ID $FAILOVER_DISPATCH_NO $FAILOVER_NODE $$"
mkdir -p "$WORK/starting/$$" || exit ${CANNOT_TELL}
echo "$who $(date +%s%N) $group" >"$WORK/starting/$$/${started}"
RUN=1
until mv -T "$WORK/starting/$$" "$tell/$RUN" 2>/dev/null; do
  [ -d "$tell/$RUN" ] || exit ${CANNOT_TELL}
  RUN=$((RUN + 1))
done
export WORK RUN
# A group is alive when one of its processes is more than an entry that nobody has collected.
is_alive() {
  kill -s 0 -- "-$1" 2>/dev/null || return 1
  [ -r /proc/self/stat ] || return 0
  for stat in /proc/[0-9]*/stat; do
    read -r _ _ state _ of _ 2>/dev/null <"$stat" || continue
    [ "$of" = "$1" ] && [ "$state" != Z ] && [ "$state" != X ] && return 0
  done
  return 1
}
before=1
while [ "$before" -lt "$RUN" ]; do
  if [ ! -e "$tell/$before/${finished}" ] && read -r _ _ _ _ _ of 2>/dev/null <"$tell/$before/${started}"; then
    if [ "$of" != "$group" ] && is_alive "$of"; then echo "$before" >>"$tell/$RUN/${overlaps}"; fi
  fi
  before=$((before + 1))
done
sh -c ${quote(script)}
code=$?
echo "$code $(date +%s%N)" >"$tell/$RUN/${finished}"
exit $code
`;
}

/** One word of sh, whatever is in it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
