#include "class_scores.h"

#include <sstream>

#include "dl/error.h"

namespace metrics {

void require_class_scores(const char* metric, const dl::Tensor& prediction, const dl::Tensor& target) {
  if (prediction.dim() == 2 && target.dim() == 1 && target.size(0) == prediction.size(0) &&
      target.scalar_type() == at::kLong)
    return;
  std::ostringstream text;
  text << metric << ": expected scores [B, K] and classes int64 [B], found " << prediction.sizes() << " and "
       << target.sizes() << " of " << target.scalar_type();
  throw dl::Error(text.str());
}

}  // namespace metrics
