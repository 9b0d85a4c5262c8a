#!/bin/bash
# with_hosts.sh COMMAND…: runs COMMAND with three hosts, which are network namespaces of this machine: host1 to host3,
# 10.99.0.11 to .13, joined by a bridge in a namespace of its own; nothing of it is seen outside. on_host.sh runs a
# command on one of them, and mpirun reaches them by agent.sh. Whatever runs there ends with COMMAND.
# Exit code 77: hosts can't be made here, and why.
here=$(cd "$(dirname "$0")" && pwd)
skip() { echo "SKIPPED: $1"; exit 77; }
[[ $(id -u) = 0 ]] || skip "several hosts on one machine need root"
for tool in ip unshare mpirun; do [[ $(type -P $tool) ]] || skip "there is no \"$tool\" (packages iproute2, util-linux, openmpi-bin)"; done

remove() {  # the hosts of process $1
  local net
  for net in $(ip netns list | grep -oE "^dlhost-$1-[0-3]"); do
    kill -KILL $(ip netns pids "$net") 2>/dev/null
    ip netns del "$net"
  done
}
for owner in $(ip netns list | sed -nE 's/^dlhost-([0-9]+)-0.*/\1/p'); do
  [[ -e /proc/$owner ]] || remove "$owner"  # its process was killed
done

trap 'remove $$' EXIT
trap 'exit 1' INT TERM
set_up() {
  export DL_HOSTS=dlhost-$$
  for i in 0 1 2 3; do ip netns add $DL_HOSTS-$i || return; done
  ip -n $DL_HOSTS-0 link add bridge type bridge && ip -n $DL_HOSTS-0 link set bridge up || return
  for i in 1 2 3; do
    ip -n $DL_HOSTS-0 link add to$i type veth peer name net0 netns $DL_HOSTS-$i &&
      ip -n $DL_HOSTS-0 link set to$i master bridge up &&
      ip -n $DL_HOSTS-$i addr add 10.99.0.1$i/24 dev net0 &&
      ip -n $DL_HOSTS-$i link set net0 up && ip -n $DL_HOSTS-$i link set lo up || return
  done
  "$here/on_host.sh" 1 true
}
problem=$(set_up 2>&1) || skip "network namespaces are refused: $problem"
export DL_HOSTS=dlhost-$$
export OMPI_MCA_plm_rsh_agent=$here/agent.sh OMPI_MCA_btl_tcp_if_include=net0 OMPI_MCA_oob_tcp_if_include=net0
"$@"
