// Exit code 0 when the node of this container is live. FAILOVER_PORT: where it listens (default 5678).
const { get } = require("node:http");

const port = Number(process.env.FAILOVER_PORT || 5678);
const request = get({ host: "127.0.0.1", port, path: "/health/live", timeout: 2000 }, (response) => {
  response.pipe(process.stdout);
  response.on("end", () => {
    process.exitCode = response.statusCode === 200 ? 0 : 1;
  });
});
request.on("timeout", () => request.destroy(new Error("no answer in 2 s")));
request.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
