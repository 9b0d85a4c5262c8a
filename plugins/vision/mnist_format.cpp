#include "mnist_format.h"

#include <ATen/ops/max.h>

#include "dl/error.h"
#include "idx_file.h"
#include "mnist_files.h"

namespace vision {

ByteImages::Source MnistFormat::source(const std::string& images_path, const std::string& labels_path,
                                       size_t num_classes) {
  const IdxFile images(images_path, 3), labels(labels_path, 1);
  if (images.count() != labels.count())
    throw dl::Error(images_path + " has " + std::to_string(images.count()) + " images, but " + labels_path + " has " +
                    std::to_string(labels.count()) + " labels: they are not of one data set");
  return {images.count(), images_path, [images, labels, num_classes]() -> Content {
            const auto bytes_N = labels.read();
            if (const auto largest = bytes_N.max().item<int64_t>(); largest >= static_cast<int64_t>(num_classes))
              throw dl::Error(labels.path() + ": label " + std::to_string(largest) + " is not in [0, " +
                              std::to_string(num_classes - 1) + "]; the file is damaged or of another data set");
            return {images.read().unsqueeze(1), bytes_N.to(at::kLong)};
          }};
}

MnistFormat::MnistFormat(Traits traits, const Supply& supply, int64_t validation_size, PixelScale scale,
                         const dl::DataContext& context)
    : MnistFormat(traits, find_mnist_files(context.root, traits.name, supply.system_folder, supply.remedy),
                  validation_size, std::move(scale)) {}

MnistFormat::MnistFormat(Traits traits, const MnistFiles& files, int64_t validation_size, PixelScale scale)
    : ByteImages(traits, source(files.train_images, files.train_labels, traits.classes.size()),
                 source(files.test_images, files.test_labels, traits.classes.size()), validation_size,
                 std::move(scale)) {}

}  // namespace vision
