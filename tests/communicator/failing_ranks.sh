#!/bin/sh
# failing_ranks.sh LIMIT PROGRAM EXIT_CODE TEXT HOW WINDOW RANKS_PER_NODE: three ranks of PROGRAM HOW WINDOW RANKS_PER_NODE must
# end within LIMIT s, by themselves, with EXIT_CODE ("any": not 0) and TEXT, a pattern of grep, in what they print.
limit=$1 program=$2 code=$3 text=$4
shift 4
output=$(timeout -s KILL "$limit" mpirun --oversubscribe -n 3 "$program" "$@" 2>&1)
got=$?
printf '%s\n' "$output"
fail() { echo "FAILED: $1"; exit 1; }
[ $got -ne 137 ] || [ "$1" = killed ] || fail "still running after $limit s"
[ $got -ne 0 ] || fail "ended with exit code 0"
[ "$code" = any ] || [ $got -eq "$code" ] || fail "exit code $got, expected $code"
printf '%s\n' "$output" | grep -q -- "$text" || fail "no \"$text\" in the output"
