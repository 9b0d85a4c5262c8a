#pragma once
#include <map>
#include <memory>
#include <string>

#include "dl/network.h"

namespace dl::host {

/// The values of all buffers of networks (batch norms' running statistics) as they were when it was made. Training
/// thread.
class KeptBuffers {
 public:
  explicit KeptBuffers(const std::map<std::string, std::shared_ptr<Network>>& networks);
  void restore();

 private:
  Tensors buffers_, values_;
};

}  // namespace dl::host
