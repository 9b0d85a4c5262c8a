#pragma once
#include <array>
#include <string>

namespace vision {

/// The four files of a data set in MNIST's layout.
struct MnistFiles {
  std::string train_images, train_labels, test_images, test_labels;
};

/// Finds them, plain or with ".gz", in the first of these folders that has any of them: `root`, `root`/NAME/raw
/// (torchvision's layout), `system_folder` (may be ""). Throws dl::Error, naming the file, all folders looked at and
/// `remedy`, where one is missing.
MnistFiles find_mnist_files(const std::string& root, const std::string& name, const std::string& system_folder,
                            const std::string& remedy);

}  // namespace vision
