import type { Clock } from "../../src/base/index.ts";
import { ReleaseStack } from "../../src/base/index.ts";
import type { RegistryConfig } from "../../src/config/index.ts";
import { createLink, type Endpoint, type Link, linkAddress } from "./link.ts";

/** A node as the links need it. */
export interface LinkedNode {
  readonly name: string;
  /** What others call it by; the key of `dial`. */
  readonly address: string;
  /** Where its newest process listens, or undefined: nobody is there. */
  readonly target: () => Endpoint | undefined;
}

export interface LinkMapOptions {
  readonly nodes: readonly LinkedNode[];
  /** As the services are reached really. */
  readonly databaseUrl: string;
  readonly registry: RegistryConfig;
  readonly clock: Clock;
}

/** What the configuration of a node says instead of the real addresses, so that all it does goes through its links. */
export interface NodeEndpoints {
  readonly databaseUrl: string;
  readonly registry: RegistryConfig;
  /** Every other node and itself, by address. */
  readonly dial: Readonly<Record<string, string>>;
}

/** The links of a cluster: one on every edge node to registry, node to database and node to node, each way its own. */
export interface LinkMap {
  endpoints(node: string): NodeEndpoints;
  /** One link for each server of the registry. */
  toRegistry(node: string): readonly Link[];
  toDatabase(node: string): Link;
  between(edge: { readonly from: string; readonly to: string }): Link;
  /** To be called when a process of the node became ready or ended: the links to it look for it again. */
  retarget(node: string): Promise<void>;
  /** Every link there is. */
  all(): readonly Link[];
  close(): Promise<void>;
}

interface NodeLinks {
  readonly registry: readonly Link[];
  readonly database: Link;
  readonly to: ReadonlyMap<string, Link>;
}

const DEFAULT_PORTS = { postgres: 5432, zookeeper: 2181 } as const;

function endpointOfUrl(url: string): Endpoint {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: port === "" ? DEFAULT_PORTS.postgres : Number(port) };
}

function endpointOfServer(server: string): Endpoint {
  const colon = server.lastIndexOf(":");
  if (colon < 0) return { host: server, port: DEFAULT_PORTS.zookeeper };
  return { host: server.slice(0, colon), port: Number(server.slice(colon + 1)) };
}

function urlThrough(url: string, link: Link): string {
  const through = new URL(url);
  through.host = linkAddress(link);
  return through.href;
}

function registryEndpoints(registry: RegistryConfig): readonly Endpoint[] {
  switch (registry.kind) {
    case "jdbc":
      return [endpointOfUrl(registry.url)];
    case "zookeeper":
      return registry.servers.split(",").map((server) => endpointOfServer(server.trim()));
  }
}

function registryThrough(registry: RegistryConfig, links: readonly Link[]): RegistryConfig {
  switch (registry.kind) {
    case "jdbc":
      return { ...registry, url: links.reduce(urlThrough, registry.url) };
    case "zookeeper":
      return { ...registry, servers: links.map(linkAddress).join(",") };
  }
}

type Open = (name: string, target: () => Endpoint | undefined) => Promise<Link>;

async function openLinksOf(node: LinkedNode, options: LinkMapOptions, open: Open): Promise<NodeLinks> {
  const database = endpointOfUrl(options.databaseUrl);
  const [databaseLink, registry, to] = await Promise.all([
    open(`${node.name} to database`, () => database),
    Promise.all(
      registryEndpoints(options.registry).map((server) => open(`${node.name} to registry`, () => server)),
    ),
    Promise.all(
      options.nodes.map(
        async (other) => [other.name, await open(`${node.name} to ${other.name}`, other.target)] as const,
      ),
    ),
  ]);
  return { registry, database: databaseLink, to: new Map(to) };
}

/** Opens all links of a cluster. Cheap: a fraction of a millisecond and three sockets each. */
export async function openLinkMap(options: LinkMapOptions): Promise<LinkMap> {
  const releases = new ReleaseStack();
  const open: Open = async (name, target) => {
    const link = await createLink({ name, target, clock: options.clock });
    releases.push(`link ${name}`, () => link.close());
    return link;
  };
  const links = new Map<string, NodeLinks>();
  const opened = await Promise.allSettled(
    options.nodes.map(async (node) => links.set(node.name, await openLinksOf(node, options, open))),
  );
  const failure = opened.find((result) => result.status === "rejected");
  if (failure !== undefined) {
    await releases.release();
    throw new Error("the TCP links of the cluster could not be opened", { cause: failure.reason });
  }
  return createLinkMap(options, links, () => releases.release());
}

function createLinkMap(
  options: LinkMapOptions,
  links: ReadonlyMap<string, NodeLinks>,
  close: () => Promise<void>,
): LinkMap {
  const of = (node: string): NodeLinks => {
    const found = links.get(node);
    if (found === undefined) throw new Error(`no node "${node}" has links`);
    return found;
  };
  const between = ({ from, to }: { readonly from: string; readonly to: string }): Link => {
    const link = of(from).to.get(to);
    if (link === undefined) throw new Error(`no link leads from "${from}" to "${to}"`);
    return link;
  };
  return {
    endpoints: (name) => ({
      databaseUrl: urlThrough(options.databaseUrl, of(name).database),
      registry: registryThrough(options.registry, of(name).registry),
      dial: Object.fromEntries(
        options.nodes.map((other) => [other.address, linkAddress(between({ from: name, to: other.name }))]),
      ),
    }),
    toRegistry: (node) => of(node).registry,
    toDatabase: (node) => of(node).database,
    between,
    async retarget(name) {
      await Promise.all([...links.keys()].map((from) => between({ from, to: name }).retarget()));
    },
    all: () => [...links.values()].flatMap((node) => [...node.registry, node.database, ...node.to.values()]),
    close,
  };
}
