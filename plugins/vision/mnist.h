#pragma once
#include "mnist_format.h"

namespace vision {

/// Handwritten digits (LeCun, Cortes, Burges), 60,000 and 10,000 grey images of 28 x 28. Mean and std as in PyTorch's
/// example.
class MNIST : public MnistFormat {
 public:
  struct Options {
    int64_t validation_size = 0;
    bool normalize = true;
    double mean = 0.1307, std = 0.3081;
  };
  static dl::Schema<Options> schema();
  MNIST(const Options& options, const dl::DataContext& context);
};

}  // namespace vision
