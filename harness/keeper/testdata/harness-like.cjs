// Something like a harness, for keeper.test.ts: owns a directory with a socket in it, starts processes of several kinds,
// tells what it has, and waits to be killed. Arguments: the bundled keeper client, base, the keeper's program, a
// directory, a run id.
const { spawn } = require("node:child_process");
const { mkdirSync } = require("node:fs");

const [client, base, program, directory, runId] = process.argv.slice(2);
const { startKeeper } = require(client);
const print = (line) => process.stdout.write(`${line}\n`);
const clock = require(base).createSystemClock();

const keeper = startKeeper({ runId, clock, program, records: `${directory}/records/runs` });
const owned = `${directory}/owned`;
keeper.own({ kind: "directory", path: owned });
mkdirSync(owned);

const environment = { ...process.env, ...keeper.environment };
const start = (command, args, options) =>
  spawn(command, args, { stdio: ["ignore", "pipe", "ignore"], env: environment, detached: true, ...options });

const server = `require("net").createServer().listen("${owned}/socket", () => console.log("up"));
  require("net").createServer().listen(0, "127.0.0.1", function () { console.log("port " + this.address().port); });
  process.on("SIGTERM", () => {}); process.on("SIGINT", () => {});`;
const listening = start(process.execPath, ["-e", server]);
const frozen = start("sleep", ["1000"]);
// Its child has an empty environment, as a server that writes its title over it.
const parent = start("sh", ["-c", "env -i sleep 1000 & echo $!; wait"]);
const unmarked = start("sleep", ["1000"], { env: { PATH: process.env.PATH } });
keeper.own({ kind: "process", pid: unmarked.pid });
process.kill(frozen.pid, "SIGSTOP");

let text = "";
let grandchild = "";
const tell = () => {
  const port = /port (\d+)/.exec(text)?.[1];
  if (port === undefined || !text.includes("up") || grandchild === "") return;
  const pids = [listening.pid, frozen.pid, parent.pid, unmarked.pid, Number(grandchild)];
  print(JSON.stringify({ pids, port: Number(port), owned }));
};
listening.stdout.on("data", (chunk) => {
  text += chunk;
  tell();
});
parent.stdout.on("data", (chunk) => {
  grandchild += chunk;
  tell();
});
process.stdin.on("data", (chunk) => {
  if (String(chunk).includes("close")) keeper.close().then((report) => print(JSON.stringify(report)));
});
