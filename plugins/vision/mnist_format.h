#pragma once
#include "byte_images.h"

namespace vision {

/// A data set in MNIST's file format: grey images uint8 [N, 1, H, W] and labels.
class MnistFormat : public ByteImages {
 protected:
  /// Where the files are looked for beside `[data] root`, and what to do when there are none.
  struct Supply {
    std::string system_folder;  ///< where the distribution's package lays them; "" if there is none
    std::string remedy;
  };
  /// Finds the files and reads their headers. Throws dl::Error where one is missing or wrong.
  template <class Options>
  MnistFormat(Traits traits, const Supply& supply, const Options& options, const dl::DataContext& context)
      : MnistFormat(std::move(traits), supply, options.validation_size,
                    options.normalize ? PixelScale({options.mean}, {options.std}) : PixelScale(), context) {}

 private:
  MnistFormat(Traits traits, const Supply& supply, int64_t validation_size, PixelScale scale,
              const dl::DataContext& context);
  MnistFormat(Traits traits, const struct MnistFiles& files, int64_t validation_size, PixelScale scale);
  static Source source(const std::string& images_path, const std::string& labels_path, size_t num_classes);
};

}  // namespace vision
