/**
 * What a test server is, in any tier: nothing reaches the disk for safety's sake, no background work of its own, UTC,
 * and
 * no shared memory outside of the data directory, so that nothing is left when that is removed.
 */
export function postgresSettings(): Readonly<Record<string, string>> {
  return {
    ...TEST_SETTINGS,
    ...readSettings(process.env.FAILOVER_POSTGRES_SETTINGS ?? ""),
  };
}

/** "fsync=on,full_page_writes=on": what a bench measures on is to be as safe as a database that people would use. */
function readSettings(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(",").flatMap((pair): [string, string][] => {
    const at = pair.indexOf("=");
    return at > 0 ? [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]] : [];
  });
  return Object.fromEntries(pairs);
}

const TEST_SETTINGS = {
  max_connections: "300",
  shared_buffers: "64MB",
  dynamic_shared_memory_type: process.platform === "win32" ? "windows" : "mmap",
  fsync: "off",
  // A killed server must not forget what it has committed; without fsync that costs nothing.
  synchronous_commit: "on",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  autovacuum: "off",
  checkpoint_timeout: "1h",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_min_messages: "warning",
  log_checkpoints: "off",
} as const;

/** As arguments of the server. */
export function settingArguments(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
