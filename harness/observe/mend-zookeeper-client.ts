/** What has to be reached into: not in the types of the library. */
interface Manager {
  socket?: { destroy(): void };
  pendingBuffer: Buffer | null;
  onSocketData(data: Buffer): void;
  onSocketClosed(hadError: boolean): void;
}

/**
 * node-zookeeper-client keeps half a frame over a reconnect, cannot read what follows, and throws out of the socket's
 * handler, which would end the harness (reference/ecosystem.md 1.2, Z3). With this, what cannot be read is the end of
 * the connection, not of the process. To be called before `connect`. A library that looks otherwise is left alone.
 */
export function mendZookeeperClient(client: object): void {
  const manager = "connectionManager" in client ? client.connectionManager : undefined;
  if (!isManager(manager)) return;
  const dataAsBefore = manager.onSocketData.bind(manager);
  const closedAsBefore = manager.onSocketClosed.bind(manager);
  manager.onSocketData = (data) => {
    try {
      dataAsBefore(data);
    } catch {
      manager.pendingBuffer = null;
      manager.socket?.destroy();
    }
  };
  manager.onSocketClosed = (hadError) => {
    manager.pendingBuffer = null;
    closedAsBefore(hadError);
  };
}

function isManager(value: unknown): value is Manager {
  return typeof value === "object" && value !== null && "onSocketData" in value && "onSocketClosed" in value;
}
