#pragma once
#include <mutex>
#include <optional>

#include "dl/data.h"
#include "dl/schema.h"
#include "idx_file.h"
#include "pixel_scale.h"

namespace vision {

/// A data set in MNIST's file format: grey images uint8 [N, 1, H, W] and labels. Samples and batches: field 0 the
/// images, field 1 the labels int64 [B]; the split predict has the test images alone. A file's images are decoded at
/// its first use and stay in memory as bytes.
class MnistFormat : public dl::Data {
 public:
  struct Traits {
    std::string name;
    std::vector<std::string> classes;
    std::string system_folder;  ///< where the distribution's package lays the files; "" if there is none
    std::string remedy;         ///< what to do when files are missing
  };

  int64_t size(dl::Split split) const override;
  dl::Sample get(dl::Split split, int64_t index, dl::Rng& rng) const override;
  bool has_batches() const override { return true; }
  dl::Tensors get_batch(dl::Split split, std::span<const int64_t> indices) const override;
  /// uint8 images to float32: (x / 255 - mean) / std, or x / 255 without `normalize`. Images that a transform made
  /// floating stay as they are.
  dl::Tensors finish(dl::Split split, dl::Tensors fields) const override;
  /// name, classes, and with `normalize` mean and std.
  dl::Value info() const override;

 protected:
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
  /// Finds the files and reads their headers. Throws dl::Error where one is missing or wrong.
  template <class Options>
  MnistFormat(Traits traits, const Options& options, const dl::DataContext& context)
      : MnistFormat(std::move(traits), options.validation_size,
                    options.normalize ? PixelScale(options.mean, options.std) : PixelScale(), context) {}

 private:
  /// Images and labels, decoded once.
  struct Part {
    Part(const std::string& images_path, const std::string& labels_path);
    void load(int64_t num_classes) const;
    IdxFile images_file, labels_file;
    mutable std::once_flag once;
    mutable dl::Tensor images_N1HW, labels_N;
  };
  /// Rows of a part.
  struct Rows {
    const Part* part;
    int64_t begin, count;
  };
  MnistFormat(Traits traits, int64_t validation_size, PixelScale scale, const dl::DataContext& context);
  Rows rows(dl::Split split) const;

  Traits traits_;
  int64_t validation_size_;
  PixelScale scale_;
  std::optional<Part> train_, test_;
};

}  // namespace vision
