#pragma once
#include "core/launch.h"
#include "core/objects.h"

namespace dl::host {

/// Bytes that can be had on this machine, or in its control group where that allows less.
int64_t available_memory();

/// Bytes of this rank's gradients and optimizer states on the CPU that are not there yet: they come with the first
/// step. States that the backend keeps elsewhere (Param::make_state) don't count.
int64_t memory_to_come(Objects& objects);

/// Throws UsageError, saying what is missing and what would help, where the ranks of this host can't all have what is
/// to come. Before the first step; each rank for itself.
void check_memory(Objects& objects, const Launch& launch);

}  // namespace dl::host
