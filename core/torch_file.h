#pragma once
#include <filesystem>

#include "core/posix_file.h"
#include "core/weights_file.h"

namespace dl::host {

/// Whether a file begins as one that `torch.save` wrote, in any of its forms.
bool is_torch_file(const PosixFile& file);

/// The state_dict in a file of `torch.save`: torch/serialization.py, `_save` (a zip file: data.pkl, data/KEY) and
/// `_legacy_save` (pickles, then the storages). It is the dict itself, or the one dict of tensors in it ("state_dict").
/// Storages are read when their tensors are. Throws Error on TorchScript archives, numbers in big-endian order, and
/// storages that the file does not have whole.
WeightsFile open_torch_file(const std::filesystem::path& path);

}  // namespace dl::host
