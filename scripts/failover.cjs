#!/usr/bin/env node
// The command `failover`: brings dist/ up to date when this is a checkout, then runs it. A node of the scheduler is run
// as it is, without the rest of the command line: signals, messages and exit codes are the node's own.
const path = require("node:path");
const { ensureBuilt } = require("./build.cjs");

const dist = ensureBuilt();
const [command, ...rest] = process.argv.slice(2);
const isNode =
  ["master", "worker", "alert-server"].includes(command) && rest.some((word) => word.startsWith("--config"));
const program = path.join(dist, isNode ? "node.cjs" : "failover.cjs");
// The node finds its guard beside its own program.
if (isNode) process.argv[1] = program;
require(program);
