#pragma once
#include <functional>
#include <mutex>

#include "dl/data.h"
#include "dl/schema.h"
#include "pixel_scale.h"

namespace vision {

/// A data set of images that stay in memory as bytes, uint8 [N, C, H, W], in a training and a test part. Samples and
/// batches: field 0 the images, field 1 the labels int64 [B]; the split predict has the test images alone. A part is
/// read at its first use.
class ByteImages : public dl::Data {
 public:
  struct Traits {
    std::string name;
    std::vector<std::string> classes;
  };

  int64_t size(dl::Split split) const override;
  dl::Sample get(dl::Split split, int64_t index, dl::Rng& rng) const override;
  bool has_batches() const override { return true; }
  dl::Tensors get_batch(dl::Split split, std::span<const int64_t> indices) const override;
  /// uint8 images to float32: (x / 255 - mean) / std, or x / 255 without `normalize`. Images that a transform made
  /// floating stay as they are.
  dl::Tensors finish(dl::Split split, dl::Tensors fields) const override;
  /// name, classes, and mean and std of the scale: 0 and 1 without `normalize`.
  dl::Value info() const override;

 protected:
  struct Content {
    dl::Tensor images_NCHW, labels_N;  ///< uint8, int64
  };
  /// What is known of a part before it is read. `read` may throw dl::Error: then the next use tries again.
  struct Source {
    int64_t count;
    std::string file;  ///< in messages
    std::function<Content()> read;
  };
  /// Options has validation_size, normalize, mean and std.
  template <class Options>
  static dl::Schema<Options> fields(std::string doc) {
    return dl::Schema<Options>(std::move(doc))
        .field("validation_size", &Options::validation_size,
               "images held out from the end of the training set; 0: the test images serve as validation",
               dl::at_least(0))
        .field("normalize", &Options::normalize, "(x / 255 - mean) / std; false: x / 255")
        .field("mean", &Options::mean, "of the pixels in [0, 1]")
        .field("std", &Options::std, "of the pixels in [0, 1]", dl::greater_than(0));
  }
  /// Throws dl::Error where `validation_size` leaves nothing to train on.
  ByteImages(Traits traits, Source train, Source test, int64_t validation_size, PixelScale scale);

 private:
  struct Part {
    explicit Part(Source from) : source(std::move(from)) {}
    const Content& content() const;
    Source source;
    mutable std::mutex mutex;
    mutable Content held;
  };
  /// Rows of a part.
  struct Rows {
    const Part* part;
    int64_t begin, count;
  };
  Rows rows(dl::Split split) const;

  Traits traits_;
  int64_t validation_size_;
  PixelScale scale_;
  Part train_, test_;
};

}  // namespace vision
