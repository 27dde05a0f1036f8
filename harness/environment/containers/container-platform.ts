import { errorMessage } from "../../../src/base/index.ts";
import { dockerAddress } from "../../keeper/index.ts";
import type { RegistryKind } from "../environment.ts";
import { environmentError } from "../problems.ts";
import { createDockerApi, type DockerApi } from "./docker-api.ts";

/** A Docker daemon that answers and has the images. */
export interface ContainerPlatform {
  readonly docker: DockerApi;
  readonly dockerVersion: string;
  /** Where published ports are reached. */
  readonly host: string;
  readonly images: { readonly zookeeper: string; readonly postgres: string };
}

/**
 * Finds Docker and the images that this registry needs; pulls those that are missing. Throws HarnessError when one of
 * them cannot be had. Images: FAILOVER_IMAGE_ZOOKEEPER (zookeeper:3.8), FAILOVER_IMAGE_POSTGRES (postgres:15).
 */
export async function findContainerPlatform(registry: RegistryKind): Promise<ContainerPlatform> {
  const images = {
    zookeeper: process.env.FAILOVER_IMAGE_ZOOKEEPER ?? "zookeeper:3.8",
    postgres: process.env.FAILOVER_IMAGE_POSTGRES ?? "postgres:15",
  };
  const address = dockerAddress(process.env);
  if (address === undefined) throw noDocker("there is no Docker socket, and DOCKER_HOST is not set");
  const docker = createDockerApi(address);
  let dockerVersion: string;
  try {
    dockerVersion = await docker.version();
  } catch (error) {
    throw noDocker(errorMessage(error));
  }
  await provideImage(docker, images.postgres);
  if (registry === "zookeeper") await provideImage(docker, images.zookeeper);
  const host = "host" in address ? address.host : "127.0.0.1";
  return { docker, dockerVersion, host, images };
}

async function provideImage(docker: DockerApi, image: string): Promise<void> {
  if (await docker.hasImage(image)) return;
  let reason: string | undefined;
  try {
    reason = await docker.pull(image);
  } catch (error) {
    reason = errorMessage(error);
  }
  if (reason === undefined) return;
  throw environmentError({
    code: "image-missing",
    what: `the image ${image} is not here and could not be pulled`,
    why: reason,
    fix:
      `docker pull ${image}; on a Debian machine that reaches no images: scripts/docker-offline.sh; ` +
      "or use --env embedded",
  });
}

function noDocker(why: string): Error {
  return environmentError({
    code: "no-docker",
    what: "no Docker daemon answers",
    why,
    fix: "start Docker (on a Debian machine: scripts/docker-offline.sh), or use --env embedded",
  });
}
