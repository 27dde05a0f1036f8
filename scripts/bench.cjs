// What the harness costs: brings dist/ up to date, then runs harness/bench.
const { ensureBuilt } = require("./build.cjs");
require(`${ensureBuilt()}/bench.cjs`);
