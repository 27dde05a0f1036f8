#!/bin/bash
# Writes zoo.cfg from the ZOO_* variables unless one is mounted, as the official image's entry point does.
set -euo pipefail

# Root only long enough to own the directories.
if [[ $1 = zkServer.sh && $(id -u) = 0 ]]; then
  chown -R zookeeper "$ZOO_DATA_DIR" "$ZOO_DATA_LOG_DIR" "$ZOO_LOG_DIR" "$ZOO_CONF_DIR"
  exec setpriv --reuid zookeeper --regid zookeeper --clear-groups "$0" "$@"
fi

config=$ZOO_CONF_DIR/zoo.cfg
if [[ ! -f $config ]]; then
  {
    echo "dataDir=$ZOO_DATA_DIR"
    echo "dataLogDir=$ZOO_DATA_LOG_DIR"
    echo "tickTime=$ZOO_TICK_TIME"
    echo "initLimit=$ZOO_INIT_LIMIT"
    echo "syncLimit=$ZOO_SYNC_LIMIT"
    echo "autopurge.snapRetainCount=$ZOO_AUTOPURGE_SNAPRETAINCOUNT"
    echo "autopurge.purgeInterval=$ZOO_AUTOPURGE_PURGEINTERVAL"
    echo "maxClientCnxns=$ZOO_MAX_CLIENT_CNXNS"
    echo "standaloneEnabled=$ZOO_STANDALONE_ENABLED"
    echo "admin.enableServer=$ZOO_ADMINSERVER_ENABLED"
    # A server list with client ports brings its own port, as in the official image.
    [[ -n ${ZOO_SERVERS:-} ]] || echo "clientPort=2181"
    for server in ${ZOO_SERVERS:-}; do echo "$server"; done
    [[ -z ${ZOO_4LW_COMMANDS_WHITELIST:-} ]] || echo "4lw.commands.whitelist=$ZOO_4LW_COMMANDS_WHITELIST"
    for extra in ${ZOO_CFG_EXTRA:-}; do echo "$extra"; done
  } > "$config"
fi
[[ -f $ZOO_DATA_DIR/myid ]] || echo "${ZOO_MY_ID:-1}" > "$ZOO_DATA_DIR/myid"
exec "$@"
