#include "core/kept_buffers.h"

#include <c10/core/GradMode.h>

namespace dl::host {

KeptBuffers::KeptBuffers(const std::map<std::string, std::shared_ptr<Network>>& networks) {
  for (const auto& [name, network] : networks)
    for (const auto& buffer : network->buffers())
      if (buffer.defined()) {
        buffers_.push_back(buffer);
        values_.push_back(buffer.detach().clone());
      }
}

void KeptBuffers::restore() {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < buffers_.size(); ++i) buffers_[i].copy_(values_[i]);
}

}  // namespace dl::host
