// jest loads a runner without transforming it, so this shim is plain JavaScript: the runner is harness/jest/case-runner.ts.
const { ensureBuilt } = require("./build.cjs");
module.exports = require(`${ensureBuilt()}/jest-runner.cjs`).CaseRunner;
