#pragma once
#include "mnist_format.h"

namespace vision {

/// Clothes by Zalando (Xiao, Rasul, Vollgraf 2017), 60,000 and 10,000 grey images of 28 x 28, in MNIST's format. Where
/// `[data] root` has no files, those of Debian's package dataset-fashion-mnist are taken.
class FashionMNIST : public MnistFormat {
 public:
  struct Options {
    int64_t validation_size = 0;
    bool normalize = true;
    double mean = 0.2860, std = 0.3530;
  };
  static dl::Schema<Options> schema();
  FashionMNIST(const Options& options, const dl::DataContext& context);
};

}  // namespace vision
