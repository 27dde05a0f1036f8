import { pointerTo } from "../../base/index.ts";
import { notYet, type Scope } from "../checks/case-scope.ts";
import { checkNode } from "../checks/check-references.ts";
import { keyPointer } from "../reading/located.ts";
import type {
  CaseNode,
  CaseNodeKind,
  Json,
  NodeSettings,
  RawSection,
  ResolvedCluster,
} from "../resolved-case.ts";
import {
  readDuration,
  readMap,
  readNumber,
  readText,
  readWord,
  readWordsAt,
} from "../vocabulary/read-json.ts";

const DISCONNECT_STRATEGIES = ["STOP", "WAITING"] as const;
const LOAD_BALANCERS = [
  "RANDOM",
  "ROUND_ROBIN",
  "FIXED_WEIGHTED_ROUND_ROBIN",
  "DYNAMIC_WEIGHTED_ROUND_ROBIN",
] as const;

/** Reads the section `cluster`, and makes the names of nodes and groups known. */
export function resolveCluster(scope: Scope, value: Json | undefined): ResolvedCluster {
  const cluster = readMap(value);
  const counts: readonly (readonly [CaseNodeKind, number])[] = [
    ["master", readNumber(cluster["masters"]) ?? 1],
    ["worker", readNumber(cluster["workers"]) ?? 1],
    ["alert-server", readNumber(cluster["alertServers"]) ?? 0],
  ];
  const absent = readWordsAt(cluster["absent"], "/cluster/absent");
  const away = new Set(absent.map((one) => one.word));
  const shared = readMap(cluster["settings"]);
  const own = readMap(cluster["nodes"]);
  const nodes = counts.flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, index): CaseNode => {
      const name = `${kind}-${index + 1}`;
      const settings = resolveSettings({ ...shared, ...readMap(own[name]) });
      return { name, kind, absent: away.has(name), settings };
    }),
  );
  scope.names.nodes = new Map(nodes.map((node) => [node.name, node]));
  for (const { word, pointer } of absent) checkNode(scope, word, pointer);
  for (const name of Object.keys(own)) checkNode(scope, name, keyPointer(pointerTo("/cluster/nodes", name)));
  const groups = resolveGroups(scope, readMap(cluster["groups"]));
  noteUnsupported(scope, cluster);
  checkSessionTimeouts(scope, shared, own);
  return { nodes, groups };
}

function resolveGroups(scope: Scope, section: RawSection): ResolvedCluster["groups"] {
  const groups: Record<string, readonly string[]> = {};
  for (const [name, members] of Object.entries(section)) {
    const pointer = pointerTo("/cluster/groups", name);
    if (name === "default") {
      const what = "the group `default` is there already: it has every worker";
      scope.sink.report(pointer, { code: "case/duplicate", what });
    }
    const words = readWordsAt(members, pointer);
    for (const one of words) {
      if (!checkNode(scope, one.word, one.pointer)) continue;
      if (scope.names.nodes?.get(one.word)?.kind !== "worker") {
        const what = `\`${one.word}\` is not a worker: a group has workers`;
        scope.sink.report(one.pointer, { code: "case/impossible", what });
      }
    }
    groups[name] = words.map((one) => one.word);
  }
  scope.names.groups = new Set(["default", ...Object.keys(groups)]);
  return groups;
}

function resolveSettings(section: RawSection): NodeSettings {
  const sessionTimeout = readDuration(section["sessionTimeout"]);
  return {
    sessionTimeoutMs: sessionTimeout?.value ?? 1000,
    failoverDelay: readDuration(section["failoverDelay"]) ?? { unit: "ms", value: 0 },
    failoverBatch: readNumber(section["failoverBatch"]) ?? 1000,
    reconcileInterval: readDuration(section["reconcileInterval"]) ?? { unit: "sessions", value: 2 },
    disconnectStrategy: readWord(section["disconnectStrategy"], DISCONNECT_STRATEGIES) ?? "STOP",
    respawn: section["respawn"] === true,
    fastDetection: section["fastDetection"] === true,
    loadBalancer: readWord(section["loadBalancer"], LOAD_BALANCERS) ?? "ROUND_ROBIN",
    taskSlots: readNumber(section["taskSlots"]) ?? 100,
    weight: readNumber(section["weight"]) ?? 100,
    busyAbove: readNumber(section["busyAbove"]) ?? 1,
    dispatchTimeout: readDuration(section["dispatchTimeout"]) ?? { unit: "ms", value: 0 },
    shutdownGrace: readDuration(section["shutdownGrace"]) ?? { unit: "ms", value: 3000 },
    alertWindow: readDuration(section["alertWindow"]) ?? { unit: "ms", value: 0 },
  };
}

/** What a node accepts (src/config): below, a session ends before its first heartbeat; above, a case never does. */
const SESSION_TIMEOUT_MS = { atLeast: 100, atMost: 86_400_000 };

function checkSessionTimeouts(scope: Scope, shared: RawSection, own: RawSection): void {
  const places: readonly (readonly [string, RawSection])[] = [
    ["/cluster/settings", shared],
    ...Object.entries(own).map(
      ([name, settings]) => [pointerTo("/cluster/nodes", name), readMap(settings)] as const,
    ),
  ];
  for (const [pointer, settings] of places) {
    const timeoutMs = readDuration(settings["sessionTimeout"])?.value;
    if (timeoutMs === undefined) continue;
    if (timeoutMs >= SESSION_TIMEOUT_MS.atLeast && timeoutMs <= SESSION_TIMEOUT_MS.atMost) continue;
    scope.sink.report(`${pointer}/sessionTimeout`, {
      code: "case/value",
      what: `a session time-out must be 100ms to 24h, is ${readText(settings["sessionTimeout"]) ?? ""}`,
    });
  }
}

function noteUnsupported(scope: Scope, cluster: RawSection): void {
  noteUnsupportedSettings(scope, readMap(cluster["settings"]), "/cluster/settings");
  for (const [name, settings] of Object.entries(readMap(cluster["nodes"]))) {
    noteUnsupportedSettings(scope, readMap(settings), pointerTo("/cluster/nodes", name));
  }
}

function noteUnsupportedSettings(scope: Scope, settings: RawSection, pointer: string): void {
  if (settings["fastDetection"] === true) notYet(scope, "`fastDetection`", `${pointer}/fastDetection`);
}
