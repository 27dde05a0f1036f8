// Ten minutes of small workflows while nodes die and come back: brings dist/ up to date, then runs harness/soak.
const { ensureBuilt } = require("./build.cjs");
require(`${ensureBuilt()}/soak.cjs`);
