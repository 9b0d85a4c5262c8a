#!/bin/bash
# rank.sh COMMAND…: one rank. What it says and how it ends is kept, for when mpirun can't be reached.
"$@" 2> >(tee "err.$OMPI_COMM_WORLD_RANK" >&2)
code=$?
echo $code > "exit.$OMPI_COMM_WORLD_RANK"
exit $code
