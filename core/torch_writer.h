#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/weights_file.h"

namespace dl::host {

/// Writes (replacing one at `path`) what Python's `torch.save(state_dict, path)` writes: a zip file that `torch.load`
/// opens at its defaults, as an OrderedDict of CPU tensors in the order of `tensors`. `aliases`: further names, each
/// with the tensor whose storage it shares, and after which it stands. `read` is asked for one tensor at a time, and
/// gives it contiguous, on the CPU. Fsynced. Throws Error, and leaves no file, on what can't be written.
void write_torch_file(const std::filesystem::path& path, const std::vector<StoredTensor>& tensors,
                      const std::map<std::string, std::string>& aliases,
                      const std::function<Tensor(const std::string&)>& read);

}  // namespace dl::host
