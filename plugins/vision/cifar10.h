#pragma once
#include <span>

#include "byte_images.h"

namespace vision {

/// CIFAR-10 (Krizhevsky 2009), 50,000 and 10,000 colour images of 32 x 32 in 10 classes, in the binary version of
/// https://www.cs.toronto.edu/~kriz/cifar.html: data_batch_1.bin … data_batch_5.bin and test_batch.bin, rows of 3,073
/// bytes: the label, then the image's red, green and blue plane, row by row. Files with fewer rows are accepted. Looked
/// for in `[data] root` and in its folder cifar-10-batches-bin.
class CIFAR10 : public ByteImages {
 public:
  struct Options {
    int64_t validation_size = 0;
    bool normalize = true;
    std::vector<double> mean = {0.4914, 0.4822, 0.4465}, std = {0.2470, 0.2435, 0.2616};
  };
  static dl::Schema<Options> schema();
  /// Throws dl::Error where a file is missing or of another size than whole rows.
  CIFAR10(const Options& options, const dl::DataContext& context);

 private:
  CIFAR10(const Options& options, const std::string& folder);
  static Source source(const std::string& folder, std::span<const char* const> files);
};

}  // namespace vision
