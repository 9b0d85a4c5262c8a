#pragma once
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace dl::host {

/// What `dlhost export` is asked for; empty: the default.
struct ExportArguments {
  std::filesystem::path checkpoint;
  std::vector<std::string> set, plugin_path;  ///< of the config in it, for torchscript
  std::string format;    ///< "safetensors", "pt" or "torchscript"; empty: by the ending of `out`, else safetensors
  std::string out;       ///< empty: model.FORMAT (or NETWORK.FORMAT) in the current folder
  std::string network;   ///< empty: the only one
  bool average = false;  ///< insist on the average of the weights
};

/// `dlhost export CKPT`: writes a network's weights as one file, from the checkpoint's files alone: no plugin is
/// opened, no network built. Only "torchscript", which holds the computation too, builds the network of the
/// checkpoint's config and gives it two samples of the data. The weights are those that `dlhost test CKPT` uses: the
/// average (EMA, SWA) where the run has one. A tensor of several names is there under each of them. One tensor is held
/// at a time; the file has its name only when it is whole, and replaces none. Returns the exit code; throws UsageError.
int export_weights(const ExportArguments& arguments, std::ostream& out);

}  // namespace dl::host
