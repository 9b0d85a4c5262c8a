#pragma once
#include "resnet.h"

namespace vision {

/// The ResNet of 18, 34, 50, 101 or 152 layers (He et al. 2016, table 1).
template <int kDepth>
class ResNetOfDepth : public ResNet {
 public:
  static dl::Schema<Options> schema() {
    return fields("ResNet-" + std::to_string(kDepth) + " as torchvision's: images [B, C, H, W] to logits [B, K].");
  }
  ResNetOfDepth(const Options& options, dl::Build& build) : ResNet(options, layout(), build) {}

 private:
  static constexpr Layout layout() {
    static_assert(kDepth == 18 || kDepth == 34 || kDepth == 50 || kDepth == 101 || kDepth == 152);
    if (kDepth == 18) return {{2, 2, 2, 2}, false};
    if (kDepth == 34) return {{3, 4, 6, 3}, false};
    if (kDepth == 50) return {{3, 4, 6, 3}, true};
    if (kDepth == 101) return {{3, 4, 23, 3}, true};
    return {{3, 8, 36, 3}, true};
  }
};

}  // namespace vision
