import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { environmentError } from "../problems.ts";

/** How to run the ZooKeeper of this machine. */
export interface ZooKeeperProgram {
  readonly java: string;
  readonly classPath: string;
}

const DEBIAN_JARS = "/usr/share/java";

/**
 * What the server needs of Debian's jars. A class path with everything in that directory costs 100 ms of each start.
 */
const NEEDED_JARS = [
  "zookeeper",
  "zookeeper-jute",
  "slf4j-api",
  "slf4j-simple",
  "netty-all",
  "snappy-java",
  "metrics-core",
  "commons-cli",
  "jackson-core",
  "jackson-databind",
  "jackson-annotations",
] as const;

/**
 * ZooKeeper as it is on this machine: a distribution named by FAILOVER_ZOOKEEPER_HOME, or Debian's libzookeeper-java;
 * and
 * a Java. Throws HarnessError when one is missing.
 */
export function findZooKeeper(): ZooKeeperProgram {
  const jars = distributionJars() ?? debianJars();
  const java = findJava();
  if (jars === undefined || java === undefined) {
    throw environmentError({
      code: "registry-not-here",
      what: "the registry zookeeper cannot be had on the embedded tier of this machine",
      why: java === undefined ? "there is no Java" : "there are no ZooKeeper jars",
      fix:
        "apt-get install default-jre-headless libzookeeper-java, or set FAILOVER_ZOOKEEPER_HOME; " +
        "or use --registry jdbc, or --env containers",
    });
  }
  return { java, classPath: jars.join(path.delimiter) };
}

function distributionJars(): readonly string[] | undefined {
  const home = process.env.FAILOVER_ZOOKEEPER_HOME;
  if (home === undefined || !existsSync(path.join(home, "lib"))) return undefined;
  const lib = path.join(home, "lib");
  return readdirSync(lib)
    .filter((name) => name.endsWith(".jar"))
    .map((name) => path.join(lib, name));
}

function debianJars(): readonly string[] | undefined {
  if (!existsSync(path.join(DEBIAN_JARS, "zookeeper.jar"))) return undefined;
  return NEEDED_JARS.map((name) => path.join(DEBIAN_JARS, `${name}.jar`)).filter((jar) => existsSync(jar));
}

function findJava(): string | undefined {
  const home = process.env.JAVA_HOME;
  for (const java of [...(home === undefined ? [] : [path.join(home, "bin", "java")]), "java"]) {
    try {
      execFileSync(java, ["-XX:-UsePerfData", "-version"], { stdio: "ignore" });
      return java;
    } catch {
      // Not this one.
    }
  }
  return undefined;
}
