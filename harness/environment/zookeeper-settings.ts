/**
 * How the harness runs ZooKeeper, in zoo.cfg's words. A tick of 100 ms, so that sessions of 200 ms can be had and a
 * death
 * is seen a tick after the session's time-out; the longest session is 60 s whatever the tick.
 */
export function zooKeeperSettings(): Readonly<Record<string, string>> {
  return {
    tickTime: "100",
    minSessionTimeout: "200",
    maxSessionTimeout: "60000",
    "admin.enableServer": "false",
    "4lw.commands.whitelist": "srvr",
  };
}

/** Up in half a second: one compiler tier, shared class data, and no disk flush that a test could ever miss. */
export const ZOOKEEPER_JVM_FLAGS: readonly string[] = [
  "-XX:TieredStopAtLevel=1",
  "-Xshare:auto",
  // No file in /tmp, which a kill would leave there.
  "-XX:-UsePerfData",
  "-Xmx256m",
  "-Dzookeeper.forceSync=no",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];
