#!/bin/bash
# on_host.sh NUMBER COMMAND…: runs COMMAND on a host of with_hosts.sh. $DL_OWN_FOLDER: a folder in whose place each host
# has one of its own, seen from outside as FOLDER.hostNUMBER.
host=$1
shift
exec ip netns exec "$DL_HOSTS-$host" unshare --uts --mount bash -c '
  hostname "$0" || exit
  if [[ $DL_OWN_FOLDER ]]; then
    mkdir -p "$DL_OWN_FOLDER" "$DL_OWN_FOLDER.$0" && mount --bind "$DL_OWN_FOLDER.$0" "$DL_OWN_FOLDER" || exit
  fi
  exec "$@"' "host$host" "$@"
