#!/bin/sh
# failing_ranks.sh PROGRAM HOW EXIT_CODE TEXT: three ranks of PROGRAM HOW must end within 15 s, by themselves, with
# EXIT_CODE ("any": not 0) and TEXT in what they print.
program=$1 how=$2 code=$3 text=$4
output=$(timeout -s KILL 15 mpirun --oversubscribe -n 3 "$program" "$how" 2>&1)
got=$?
printf '%s\n' "$output"
fail() { echo "FAILED: $1"; exit 1; }
[ $got -ne 137 ] || [ "$how" = killed ] || fail "still running after 15 s"
[ $got -ne 0 ] || fail "ended with exit code 0"
[ "$code" = any ] || [ $got -eq "$code" ] || fail "exit code $got, expected $code"
case $output in *"$text"*) ;; *) fail "no \"$text\" in the output" ;; esac
