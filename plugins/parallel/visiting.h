#pragma once
#include "dl/backend.h"

namespace parallel {

/// Shows `kept` to the visitor; with `write`, what it leaves is kept, whether it wrote into the tensor or put another
/// in its place. Throws Error where that has another shape.
void visit_tensor(const dl::NetworkEntry& entry, const dl::Tensor& kept, bool write,
                  const dl::Backend::Visitor& visitor);

}  // namespace parallel
