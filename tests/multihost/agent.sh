#!/bin/bash
# agent.sh [-OPTION…] ADDRESS COMMAND…: what mpirun calls in place of ssh.
while [[ $1 = -* ]]; do shift; done
host=${1##*.1}
shift
exec "$(dirname "$0")/on_host.sh" "$host" bash -c "$*"
