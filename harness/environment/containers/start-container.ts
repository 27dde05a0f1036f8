import type * as Testcontainers from "testcontainers";
import type { WaitStrategy } from "testcontainers";
import { type Clock, errorMessage, waitUntil } from "../../../src/base/index.ts";
import { HarnessError } from "../../base/index.ts";
import { type Keeper, RUN_LABEL } from "../../keeper/index.ts";
import type { ServiceHandle } from "../environment.ts";
import { freePort } from "../free-port.ts";
import { environmentError, tellingLine } from "../problems.ts";
import type { HostPort, OwnService } from "../service.ts";
import type { ContainerPlatform } from "./container-platform.ts";
import type { DockerApi } from "./docker-api.ts";

export interface ContainerOptions {
  readonly platform: ContainerPlatform;
  readonly keeper: Keeper;
  readonly clock: Clock;
  readonly image: string;
  /** Unique on the machine. */
  readonly name: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** Directories in memory: quick, and gone with a kill, so only for services that are never broken. */
  readonly memoryDirectories: readonly string[];
  /** Waits until the service answers by its own protocol. `gaveUp` tells when it cannot any more. */
  readonly answer: (address: HostPort, gaveUp: () => string | undefined) => Promise<void>;
}

const PORT_ATTEMPTS = 3;
const EFFECT_LIMIT_MS = 10_000;
const STATE_LOOK_MS = 250;

/**
 * Starts a container with a label of the run and its port on a fixed port of the host, so that it has the same address
 * after a restart; on loopback only, since the servers inside trust everybody.
 */
export async function startContainer(options: ContainerOptions): Promise<OwnService> {
  const { platform, keeper, name } = options;
  const { docker } = platform;
  keeper.own({ kind: "containers" });
  const hostPort = await launchOnFreePort(options);
  const address = { host: platform.host, port: hostPort };
  const ready = (): Promise<void> => answerOrExit(options, address);
  try {
    await ready();
  } catch (error) {
    const logs = await docker.logs(name).catch(() => "");
    await docker.remove(name).catch(() => undefined);
    throw notStarted(options.image, logs, error);
  }
  return {
    address,
    handle: containerHandle({ docker, name, clock: options.clock, ready }),
    remove: () => docker.remove(name),
  };
}

async function launchOnFreePort(options: ContainerOptions): Promise<number> {
  let attempt = 1;
  for (;;) {
    const hostPort = await freePort();
    try {
      await launch(options, hostPort);
      return hostPort;
    } catch (error) {
      await options.platform.docker.remove(options.name).catch(() => undefined);
      if (error instanceof HarnessError) throw error;
      const taken = /address already in use|port is already allocated/.test(errorMessage(error));
      if (!taken || attempt === PORT_ATTEMPTS) throw notStarted(options.image, "", error);
      attempt += 1;
    }
  }
}

async function launch(options: ContainerOptions, hostPort: number): Promise<void> {
  const { platform, keeper, image, name, port, environment, command, memoryDirectories } = options;
  // Its own reaper is an image that cannot be had everywhere; the keeper does that work. Loaded only here: 200 ms.
  process.env.TESTCONTAINERS_RYUK_DISABLED = "true";
  if (platform.host === "127.0.0.1") process.env.TESTCONTAINERS_HOST_OVERRIDE = "127.0.0.1";
  const { GenericContainer } = await loadTestcontainers();
  class LoopbackContainer extends GenericContainer {
    protected override beforeContainerCreated(): Promise<void> {
      const bindings = Object.values<object[]>(this.hostConfig.PortBindings ?? {}).flat();
      if (platform.host === "127.0.0.1")
        for (const each of bindings) Object.assign(each, { HostIp: "127.0.0.1" });
      return Promise.resolve();
    }
  }
  await new LoopbackContainer(image)
    .withName(name)
    .withLabels({ [RUN_LABEL]: keeper.runId })
    .withEnvironment({ ...environment })
    .withCommand([...command])
    .withExposedPorts({ container: port, host: hostPort })
    .withTmpFs(Object.fromEntries(memoryDirectories.map((directory) => [directory, "rw,size=1g"])))
    .withWaitStrategy(readyAtOnce())
    .withAutoCleanup(false)
    .start();
}

/** Installed beside us, or not: that has nothing to do with Docker. */
async function loadTestcontainers(): Promise<typeof Testcontainers> {
  try {
    return await import("testcontainers");
  } catch (error) {
    throw environmentError(
      {
        code: "package-missing",
        what: "the package testcontainers cannot be loaded",
        why: errorMessage(error).split("\n")[0] ?? "",
        fix: "install it (npm ci), or use --env embedded, which needs no containers",
      },
      error,
    );
  }
}

/** Readiness is a protocol answer, which testcontainers' own strategies do not look for: `answer` does, afterwards. */
function readyAtOnce(): WaitStrategy {
  const strategy: WaitStrategy = {
    waitUntilReady: () => Promise.resolve(),
    withStartupTimeout: () => strategy,
    isStartupTimeoutSet: () => false,
    getStartupTimeout: () => EFFECT_LIMIT_MS,
  };
  return strategy;
}

/**
 * Waits for the answer, and looks now and then whether the container still runs: most that do not start end at
 * once.
 */
async function answerOrExit(options: ContainerOptions, address: HostPort): Promise<void> {
  const { platform, clock, name } = options;
  let ended: string | undefined;
  const looking = clock.setPeriodic(STATE_LOOK_MS, () => {
    platform.docker.state(name).then(
      (state) => {
        if (state === "exited" || state === "dead" || state === "absent") ended = `the container is ${state}`;
      },
      () => undefined,
    );
  });
  try {
    await options.answer(address, () => ended);
  } finally {
    looking.cancel();
  }
}

interface HandleParts {
  readonly docker: DockerApi;
  readonly name: string;
  readonly clock: Clock;
  readonly ready: () => Promise<void>;
}

/** Breaks the container, and looks at its state for the proof. */
function containerHandle({ docker, name, clock, ready }: HandleParts): ServiceHandle {
  const proved = async (wanted: readonly string[]): Promise<void> => {
    let last = "";
    await waitUntil({
      clock,
      withinMs: EFFECT_LIMIT_MS,
      everyMs: 5,
      describe: `container ${name} to be ${wanted.join(" or ")}`,
      lastSeen: () => last,
      until: async () => {
        last = await docker.state(name);
        return wanted.includes(last) ? true : undefined;
      },
    });
  };
  return {
    async kill() {
      // A paused container takes a SIGKILL only when it runs again, and is not to run again before that.
      if ((await docker.state(name)) !== "exited") await docker.act(name, "kill");
      await proved(["exited"]);
    },
    async stop() {
      await docker.act(name, "stop");
      await proved(["exited"]);
    },
    async start() {
      await docker.act(name, "start");
      await ready();
    },
    async pause() {
      await docker.act(name, "pause");
      await proved(["paused"]);
    },
    async resume() {
      await docker.act(name, "unpause");
      await proved(["running"]);
      await ready();
    },
  };
}

function notStarted(image: string, logs: string, error: unknown): Error {
  return environmentError(
    {
      code: "container-not-startable",
      what: `a container of ${image} did not start`,
      why: logs.trim() === "" ? errorMessage(error) : tellingLine(logs),
      fix: `see whether it starts by hand: docker run --rm ${image}; or use --env embedded`,
    },
    error,
  );
}
