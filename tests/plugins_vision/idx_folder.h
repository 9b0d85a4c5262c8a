#pragma once
/// A folder of small files in MNIST's format, gone afterwards.
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/temporary_folder.h"

struct IdxFolder {
  /// The bytes of an IDX file: magic number, lengths, values.
  static std::string idx(uint32_t magic, const std::vector<uint32_t>& lengths, const std::string& values) {
    std::string bytes;
    auto put = [&](uint32_t number) {
      for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(number >> shift & 255);
    };
    put(magic);
    for (const auto length : lengths) put(length);
    return bytes + values;
  }
  /// `count` images of 2 x 3; pixel p of image i is salt + 6 i + p.
  static std::string images(uint32_t count, int salt) {
    std::string values;
    for (uint32_t i = 0; i < 6 * count; ++i) values += static_cast<char>(salt + static_cast<int>(i));
    return idx(0x803, {count, 2, 3}, values);
  }
  static std::string labels(const std::vector<int>& values) {
    return idx(0x801, {static_cast<uint32_t>(values.size())}, {values.begin(), values.end()});
  }

  void write(const std::string& file, const std::string& bytes) const {
    std::ofstream(path / file, std::ios::binary) << bytes;
  }
  void write_gz(const std::string& file, const std::string& bytes) const {
    auto* out = gzopen((path / file).c_str(), "wb");
    gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(out);
  }
  std::string bytes_of(const std::string& file) const {
    std::ifstream in(path / file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// Five training images (pixels from 0) and three test images (pixels from 100), plain and compressed.
  void write_all() const {
    write("train-images-idx3-ubyte", images(5, 0));
    write_gz("train-labels-idx1-ubyte.gz", labels({3, 1, 4, 1, 5}));
    write_gz("t10k-images-idx3-ubyte.gz", images(3, 100));
    write("t10k-labels-idx1-ubyte", labels({9, 2, 6}));
  }

  const TemporaryFolder temporary;
  const std::filesystem::path path = temporary.path();
};
