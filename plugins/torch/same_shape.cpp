#include "same_shape.h"

#include <sstream>

#include "dl/error.h"

namespace pytorch {

void require_same_shape(const char* loss, const dl::Tensor& prediction, const dl::Tensor& target) {
  if (prediction.sizes() == target.sizes()) return;
  std::ostringstream text;
  text << loss << ": prediction and target must have the same shape, found " << prediction.sizes() << " and "
       << target.sizes();
  throw dl::Error(text.str());
}

}  // namespace pytorch
