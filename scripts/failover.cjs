#!/usr/bin/env node
// The command `failover`: brings dist/ up to date when this is a checkout, then runs it.
const { ensureBuilt } = require("./build.cjs");
require(`${ensureBuilt()}/failover.cjs`);
