import { existsSync } from "node:fs";
import { request } from "node:http";
import { homedir } from "node:os";
import path from "node:path";

/** Where a Docker daemon listens. */
export type DockerAddress =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number };

export interface DockerAnswer {
  readonly status: number;
  readonly body: string;
}

/** What DOCKER_HOST says, else the first of the usual sockets that exists. Undefined: there is no Docker here. */
export function dockerAddress(environment: NodeJS.ProcessEnv): DockerAddress | undefined {
  const asked = environment.DOCKER_HOST;
  if (asked !== undefined && asked !== "") {
    if (asked.startsWith("unix://")) return { socketPath: asked.slice("unix://".length) };
    const text = asked.replace(/^tcp:/, "http:");
    // What is no address at all is tried as a socket: then the message says that nobody answers there.
    if (!URL.canParse(text)) return { socketPath: asked };
    const url = new URL(text);
    return { host: url.hostname, port: Number(url.port || "2375") };
  }
  const usual = [
    "/var/run/docker.sock",
    path.join(homedir(), ".docker/run/docker.sock"),
    path.join(homedir(), ".docker/desktop/docker.sock"),
    path.join(environment.XDG_RUNTIME_DIR ?? "/run/user/none", "docker.sock"),
  ];
  const socketPath = usual.find((candidate) => existsSync(candidate));
  return socketPath === undefined ? undefined : { socketPath };
}

export interface DockerRequest {
  readonly address: DockerAddress;
  readonly method: "GET" | "POST" | "DELETE";
  /** With its query, as in the Engine API, without a version: "/containers/json?all=1". */
  readonly path: string;
  /** Longest silence of the daemon, milliseconds. */
  readonly silenceMs: number;
}

/** One call of the Engine API. Throws when the daemon does not answer; an HTTP error status is an answer. */
export function askDocker(options: DockerRequest): Promise<DockerAnswer> {
  const { address, method, path: target, silenceMs } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...address, method, path: target, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    outgoing.setTimeout(silenceMs, () => {
      outgoing.destroy(new Error(`the Docker daemon was silent for ${silenceMs} ms`));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/** Label of every container of a run. */
export const RUN_LABEL = "failover-harness.run";

const REMOVAL_SILENCE_MS = 30_000;

/** Removes all containers of a run with their volumes. Returns their ids. */
export async function removeRunContainers(runId: string): Promise<readonly string[]> {
  const address = dockerAddress(process.env);
  if (address === undefined) return [];
  const filters = encodeURIComponent(JSON.stringify({ label: [`${RUN_LABEL}=${runId}`] }));
  const listed = await askDocker({
    address,
    method: "GET",
    path: `/containers/json?all=1&filters=${filters}`,
    silenceMs: REMOVAL_SILENCE_MS,
  });
  if (listed.status !== 200) throw new Error(`the Docker daemon answered ${listed.status}: ${listed.body}`);
  const ids = (JSON.parse(listed.body) as readonly { readonly Id: string }[]).map(({ Id }) => Id);
  await Promise.all(
    ids.map((id) =>
      askDocker({
        address,
        method: "DELETE",
        path: `/containers/${id}?force=1&v=1`,
        silenceMs: REMOVAL_SILENCE_MS,
      }),
    ),
  );
  return ids;
}
