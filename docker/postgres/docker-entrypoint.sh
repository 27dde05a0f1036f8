#!/bin/bash
# Makes a data directory on the first start, as the official image's entry point does: POSTGRES_USER, POSTGRES_PASSWORD,
# POSTGRES_DB, POSTGRES_HOST_AUTH_METHOD, POSTGRES_INITDB_ARGS and the scripts in /docker-entrypoint-initdb.d.
set -euo pipefail

# `docker run postgres:15 -c fsync=off` means: arguments of the server.
[[ ${1:0:1} != - ]] || set -- postgres "$@"
[[ ${1:-} = postgres ]] || exec "$@"

if [[ $(id -u) = 0 ]]; then
  mkdir -p "$PGDATA"
  chown -R postgres "$PGDATA" && chmod 700 "$PGDATA"
  exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi

user=${POSTGRES_USER:-postgres}
if [[ ! -s $PGDATA/PG_VERSION ]]; then
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [[ -z ${POSTGRES_PASSWORD:-} && $method != trust ]]; then
    echo "POSTGRES_PASSWORD is not set: set it, or POSTGRES_HOST_AUTH_METHOD=trust" >&2
    exit 1
  fi
  password_file=$(mktemp)
  printf '%s\n' "${POSTGRES_PASSWORD:-unused}" > "$password_file"
  # The arguments are a list of words, as in the official image.
  # shellcheck disable=SC2086
  initdb --username="$user" --pwfile="$password_file" -D "$PGDATA" ${POSTGRES_INITDB_ARGS:-} > /dev/null
  rm "$password_file"
  echo "host all all all $method" >> "$PGDATA/pg_hba.conf"
  if [[ ${POSTGRES_DB:-$user} != postgres ]] || compgen -G '/docker-entrypoint-initdb.d/*' > /dev/null; then
    # A server on the socket only: nobody outside takes it for the real one.
    pg_ctl -D "$PGDATA" -w -o "-c listen_addresses='' -c unix_socket_directories=/var/run/postgresql" start > /dev/null
    client=(psql -v ON_ERROR_STOP=1 --no-password -h /var/run/postgresql --username "$user")
    if [[ ${POSTGRES_DB:-$user} != postgres ]]; then
      PGPASSWORD=${POSTGRES_PASSWORD:-} "${client[@]}" -d postgres -c "CREATE DATABASE \"${POSTGRES_DB:-$user}\""
    fi
    for script in /docker-entrypoint-initdb.d/*; do
      case $script in
        *.sh) bash "$script" ;;
        *.sql) PGPASSWORD=${POSTGRES_PASSWORD:-} "${client[@]}" -d "${POSTGRES_DB:-$user}" -f "$script" ;;
      esac
    done
    pg_ctl -D "$PGDATA" -m fast -w stop > /dev/null
  fi
fi

# The official image listens everywhere by its configuration file.
exec "$@" -c listen_addresses='*'
