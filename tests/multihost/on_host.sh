#!/bin/bash
# on_host.sh NUMBER COMMAND…: runs COMMAND on a host of with_hosts.sh.
host=$1
shift
exec ip netns exec "$DL_HOSTS-$host" unshare --uts bash -c 'hostname "$0" && exec "$@"' "host$host" "$@"
