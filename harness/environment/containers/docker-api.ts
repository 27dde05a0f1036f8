import { askDocker, type DockerAddress, type DockerAnswer } from "../../keeper/index.ts";

/** What we need of the Docker Engine API beside testcontainers. */
export interface DockerApi {
  /** Version of the daemon. Throws when it does not answer. */
  version(): Promise<string>;
  hasImage(image: string): Promise<boolean>;
  /** Undefined when the image is there afterwards, else why it could not be pulled. */
  pull(image: string): Promise<string | undefined>;
  /** "running", "paused", "exited", …; "absent" when there is no such container. */
  state(container: string): Promise<string>;
  act(container: string, action: "kill" | "pause" | "unpause" | "start" | "stop"): Promise<void>;
  /** Removes a container, running or not, with its volumes. An absent one is no error. */
  remove(container: string): Promise<void>;
  /** The last lines that it printed. */
  logs(container: string): Promise<string>;
}

/** The daemon answers at once or is not there. */
const LOOK_SILENCE_MS = 3_000;
const ACTION_SILENCE_MS = 30_000;
const NOT_MODIFIED = 304;
const NOT_FOUND = 404;
const FIRST_ERROR = 400;

export function createDockerApi(address: DockerAddress): DockerApi {
  const ask = (
    method: "GET" | "POST" | "DELETE",
    path: string,
    silenceMs = ACTION_SILENCE_MS,
  ): Promise<DockerAnswer> => askDocker({ address, method, path, silenceMs });

  return {
    async version() {
      const answer = check(await ask("GET", "/version", LOOK_SILENCE_MS));
      return (JSON.parse(answer.body) as { readonly Version: string }).Version;
    },
    async hasImage(image) {
      return (await ask("GET", `/images/${image}/json`, LOOK_SILENCE_MS)).status === 200;
    },
    async pull(image) {
      const [, name = image, tag = "latest"] = /^(.*?)(?::([^/:]+))?$/.exec(image) ?? [];
      const path = `/images/create?fromImage=${encodeURIComponent(name)}&tag=${encodeURIComponent(tag)}`;
      const answer = await ask("POST", path);
      if (answer.status !== 200) return messageOf(answer);
      // A pull that failed half-way is a 200 whose last line is the error.
      const last = answer.body.trim().split("\n").at(-1) ?? "{}";
      return (JSON.parse(last) as { readonly error?: string }).error;
    },
    async state(container) {
      const answer = await ask("GET", `/containers/${container}/json`);
      if (answer.status === NOT_FOUND) return "absent";
      return (JSON.parse(check(answer).body) as { readonly State: { readonly Status: string } }).State.Status;
    },
    async act(container, action) {
      const answer = await ask("POST", `/containers/${container}/${action}`);
      if (answer.status !== NOT_MODIFIED) check(answer);
    },
    async remove(container) {
      const answer = await ask("DELETE", `/containers/${container}?force=1&v=1`);
      if (answer.status !== NOT_FOUND) check(answer);
    },
    async logs(container) {
      const answer = await ask("GET", `/containers/${container}/logs?stdout=1&stderr=1&tail=40`);
      // Each chunk has a header of eight bytes in front; they are not text.
      return answer.body.replaceAll(/[^\n\x20-\x7e]+/g, "");
    },
  };
}

function check(answer: DockerAnswer): DockerAnswer {
  if (answer.status >= FIRST_ERROR) throw new Error(messageOf(answer));
  return answer;
}

function messageOf({ status, body }: DockerAnswer): string {
  try {
    return (JSON.parse(body) as { readonly message: string }).message;
  } catch {
    return `the Docker daemon answered ${status}`;
  }
}
