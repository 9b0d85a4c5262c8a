#pragma once
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/pickle_reader.h"
#include "core/posix_file.h"
#include "core/weights_file.h"
#include "core/zip_file.h"

namespace dl::host {

/// What a tensor of a state_dict is a view of.
struct TorchView {
  StoredTensor stored;
  std::vector<int64_t> strides;
  int64_t begin = 0;  ///< of the view's first element, in the file
  int64_t bytes = 0;  ///< from there to the end of its last element
};

/// Where storages lie in the file, by key.
using TorchStorages = std::map<std::string, ZipFile::Member>;

/// The tensors in what a pickle of torch.save held. Every call throws Error with the file, and the tensor, where
/// something has another form, or lies outside of the file.
class TorchStateDict {
 public:
  /// Python's names that such a pickle may use.
  static std::set<std::string> allowed_globals();

  TorchStateDict(const PosixFile& file, const TorchStorages& storages) : file_(file), storages_(storages) {}
  /// All but the function `read` of the weights, and for each tensor its view.
  WeightsFile read(const PickleValue& top, std::unordered_map<std::string, TorchView>& views) const;

 private:
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void fail(const std::string& name, const std::string& what) const;
  const PickleValue& find(const PickleValue& top, std::string& part) const;
  std::vector<int64_t> integers(const std::string& name, const PickleValue& value) const;
  /// (storage, storage_offset, size, stride, requires_grad, backward_hooks[, metadata])
  TorchView view_of(const std::string& name, const PickleValue& tensor) const;
  /// Checks that every element lies in the storage, and that the file has the storage whole.
  void place(TorchView& view, int64_t offset, int64_t elements, const ZipFile::Member& storage) const;

  const PosixFile& file_;
  const TorchStorages& storages_;
};

}  // namespace dl::host
