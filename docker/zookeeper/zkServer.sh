#!/bin/bash
# `zkServer.sh start-foreground` on Debian's jars. The class path names the jars that the server needs, since opening
# everything in /usr/share/java costs some 100 ms of every start.
set -euo pipefail
[[ ${1:-} = start-foreground ]] || { echo "only start-foreground is supported here" >&2; exit 1; }

classpath=$ZOO_CONF_DIR
for jar in zookeeper zookeeper-jute slf4j-api slf4j-simple netty-all netty-common netty-buffer netty-transport \
  netty-handler netty-codec netty-resolver snappy-java metrics-core commons-cli jackson-core jackson-databind \
  jackson-annotations; do
  [[ ! -f /usr/share/java/$jar.jar ]] || classpath=$classpath:/usr/share/java/$jar.jar
done
# JVMFLAGS and SERVER_JVMFLAGS are lists of words, as in the official script.
# shellcheck disable=SC2086
exec java -Dzookeeper.log.dir="$ZOO_LOG_DIR" -Dorg.slf4j.simpleLogger.defaultLogLevel="${ZOO_LOG_LEVEL:-warn}" \
  ${SERVER_JVMFLAGS:-} ${JVMFLAGS:-} -cp "$classpath" \
  org.apache.zookeeper.server.quorum.QuorumPeerMain "$ZOO_CONF_DIR/zoo.cfg"
