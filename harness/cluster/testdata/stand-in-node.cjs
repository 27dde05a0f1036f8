// A stand-in for a node process: it speaks the supervisor's protocol (events on fd 3, control messages over IPC, SIGTERM)
// and does nothing else. What it does at the start is told by the file named by --config.
const { readFileSync, writeSync } = require("node:fs");
const net = require("node:net");
const { randomUUID } = require("node:crypto");

const config = JSON.parse(readFileSync(process.argv[process.argv.indexOf("--config") + 1], "utf8"));
const behaviour = process.env.STAND_IN ?? "";
let incarnation = randomUUID();
let seq = 0;

function emit(body) {
  seq += 1;
  const monoMs = Number(process.hrtime.bigint()) / 1e6;
  const envelope = { seq, node: config.address, incarnation, wallMs: new Date().getTime(), monoMs };
  writeSync(3, `${JSON.stringify({ ...envelope, ...body })}\n`);
}

const armed = new Map();
const held = new Map();
let holds = 0;

process.on("message", (message) => {
  if (message.kind === "arm-failpoint") armed.set(message.armId, message);
  if (message.kind === "disarm-failpoint") {
    armed.delete(message.armId);
    for (const [holdId, armId] of held) if (armId === message.armId) letGo(holdId);
  }
  if (message.kind === "release-failpoint") letGo(message.holdId);
});

function letGo(holdId) {
  if (held.delete(holdId)) emit({ type: "log", level: "info", message: `released ${holdId}` });
}

process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => {
  if (behaviour === "ignores-sigterm") return;
  emit({ type: "node.stopping", reason: "SIGTERM" });
  process.exit(0);
});

/** What it answers an operator. */
const ANSWER = JSON.stringify({ accepted: true, workflowInstanceId: 7 });

/** Anybody who connects says what to do in one line: a new life, an event, an exit, a failpoint. */
const server = net.createServer((socket) => {
  socket.on("error", () => undefined);
  socket.on("data", (text) => {
    if (text.toString().startsWith("POST /rpc/operate")) {
      emit({ type: "log", level: "info", message: text.toString().split("\r\n\r\n")[1] });
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${ANSWER.length}\r\nconnection: close\r\n\r\n${ANSWER}`);
      return;
    }
    for (const line of text.toString().split("\n").filter(Boolean)) obey(JSON.parse(line));
    socket.end(`${config.address} pid ${process.pid}\n`);
  });
});

function obey(order) {
  if (order.exit !== undefined) process.exit(order.exit);
  if (order.newLife) incarnation = randomUUID();
  if (order.emit) emit(order.emit);
  if (order.reach) reach(order.reach);
}

/** Holds nobody really: it only tells when it would have begun to, and when it would have gone on. */
function reach({ name, workflowInstanceId }) {
  for (const { at, armId, do: what } of armed.values()) {
    if (at !== name) continue;
    holds += 1;
    if (what === "hold") held.set(holds, armId);
    emit({
      type: "failpoint.reached",
      name,
      held: what === "hold",
      holdId: holds,
      armId,
      workflowInstanceId,
    });
    if (what === "die") process.kill(process.pid, "SIGKILL");
    return;
  }
}

if (behaviour === "dies-at-start") {
  process.stderr.write("registry: connect ECONNREFUSED\nI give up\n");
  process.exit(3);
}
server.listen(config.listen.port, config.listen.host, () => {
  if (behaviour === "never-ready") return;
  const { kind, address } = config;
  emit({ type: "node.ready", kind, address, listenPort: server.address().port, pid: process.pid });
});
