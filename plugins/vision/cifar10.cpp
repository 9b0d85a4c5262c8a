#include "cifar10.h"

#include <ATen/ops/empty.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "dl/error.h"

namespace vision {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kRow = 1 + 3 * 32 * 32;
constexpr int64_t kClasses = 10;
constexpr std::array kTraining = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                                  "data_batch_5.bin"};
constexpr std::array kTest = {"test_batch.bin"};
constexpr const char* kFolder = "cifar-10-batches-bin";
constexpr const char* kRemedy =
    "unpack cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html and name its folder by [data] root";

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// The folder that has any of the files. Throws dl::Error where there is none.
std::string find_folder(const std::string& root) {
  if (root.empty()) throw dl::Error(std::string("CIFAR10: [data] root is not set; ") + kRemedy);
  for (const auto& folder : {fs::path(root), fs::path(root) / kFolder}) {
    for (const char* file : kTraining)
      if (is_file(folder / file)) return folder.string();
    if (is_file(folder / kTest[0])) return folder.string();
  }
  for (const auto& folder : {fs::path(root), fs::path(root) / "cifar-10-batches-py"})
    if (is_file(folder / "data_batch_1"))
      throw dl::Error("CIFAR10: " + folder.string() +
                      " has the data set's Python version, of which only Python can read the files; " + kRemedy);
  throw dl::Error(std::string("CIFAR10: no file ") + kTraining[0] + "; looked in: " + root + ", " +
                  (fs::path(root) / kFolder).string() + "; " + kRemedy);
}

int64_t rows_of(const fs::path& path) {
  std::error_code error;
  const auto bytes = static_cast<int64_t>(fs::file_size(path, error));
  if (error) throw dl::Error("CIFAR10: can't read " + path.string() + ": " + error.message() + "; " + kRemedy);
  if (bytes == 0 || bytes % kRow != 0)
    throw dl::Error(path.string() + ": expected rows of " + std::to_string(kRow) + " bytes, found " +
                    std::to_string(bytes) + " bytes, which is " + (bytes == 0 ? "none" : "no multiple of it") +
                    "; the file is damaged or was not copied whole: fetch it again");
  return bytes / kRow;
}

}  // namespace

ByteImages::Source CIFAR10::source(const std::string& folder, std::span<const char* const> files) {
  std::vector<std::pair<fs::path, int64_t>> parts;
  int64_t count = 0;
  for (const char* file : files) {
    parts.emplace_back(fs::path(folder) / file, rows_of(fs::path(folder) / file));
    count += parts.back().second;
  }
  return {count, files.size() == 1 ? parts[0].first.string() : folder, [parts, count]() -> Content {
            Content content{at::empty({count, 3, 32, 32}, at::kByte), at::empty({count}, at::kLong)};
            auto* image = reinterpret_cast<char*>(content.images_NCHW.mutable_data_ptr<uint8_t>());
            auto* label = content.labels_N.mutable_data_ptr<int64_t>();
            for (const auto& [path, rows] : parts) {
              std::ifstream in(path, std::ios::binary);
              for (int64_t row = 0; row < rows; ++row, image += kRow - 1) {
                const int first = in.get();
                if (!in.read(image, kRow - 1))
                  throw dl::Error(path.string() + ": can't be read beyond row " + std::to_string(row));
                if (first >= kClasses)
                  throw dl::Error(path.string() + ": label " + std::to_string(first) + " of row " +
                                  std::to_string(row) +
                                  " is not in [0, 9]; the file is damaged or of another data set");
                *label++ = first;
              }
            }
            return content;
          }};
}

dl::Schema<CIFAR10::Options> CIFAR10::schema() {
  return fields<Options>("Ten kinds of things: 50,000 + 10,000 colour images 32 x 32.");
}

CIFAR10::CIFAR10(const Options& options, const dl::DataContext& context)
    : CIFAR10(options, find_folder(context.root)) {}

CIFAR10::CIFAR10(const Options& options, const std::string& folder)
    : ByteImages(
          {"CIFAR10", {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}},
          source(folder, kTraining), source(folder, kTest), options.validation_size,
          options.normalize ? PixelScale(options.mean, options.std) : PixelScale()) {
  if (options.normalize && options.mean.size() != 1 && options.mean.size() != 3)
    throw dl::Error("\"mean\" and \"std\" must have 1 or 3 numbers, found " + std::to_string(options.mean.size()));
}

}  // namespace vision
