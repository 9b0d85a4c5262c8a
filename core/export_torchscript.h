#pragma once
#include "core/export.h"

namespace dl::host {

/// Writes the checkpoint's network with its computation to `path`, as TorchScript: built on one rank of the CPU,
/// whatever it was trained on, and traced with what the task gives it for two samples of the data. Throws UsageError or
/// Error.
void export_torchscript(const std::filesystem::path& path, const ExportArguments& arguments,
                        const std::filesystem::path& checkpoint, const std::string& network);

}  // namespace dl::host
