#include "idx_file.h"

#include <ATen/ops/empty.h>

#include <cstdio>
#include <filesystem>

#include "byte_stream.h"
#include "dl/error.h"

namespace vision {
namespace {

std::string hex(uint32_t number) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", number);
  return text;
}

[[noreturn]] void wrong_length(const std::string& path, int64_t expected, const std::string& found) {
  throw dl::Error(path + ": expected " + std::to_string(expected) + " bytes by its header, found " + found +
                  "; the file is damaged or was not copied whole: fetch it again");
}

}  // namespace

IdxFile::IdxFile(std::string path, int64_t dimensions) : path_(std::move(path)) {
  ByteStream in(path_);
  auto number = [&] {
    unsigned char b[4];
    if (const auto got = in.read(b, 4); got != 4)
      throw dl::Error(path_ + ": ends within its header of " + std::to_string(4 + 4 * dimensions) + " bytes");
    return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | uint32_t{b[3]};
  };
  const auto wanted = 0x800U + static_cast<uint32_t>(dimensions);
  if (const auto magic = number(); magic != wanted)
    throw dl::Error(path_ + ": expected the magic number " + hex(wanted) + " of an IDX file of bytes with " +
                    std::to_string(dimensions) + " dimension(s), found " + hex(magic));
  int64_t values = 1;
  for (int64_t i = 0; i < dimensions; ++i) {
    shape_.push_back(number());
    if (shape_.back() == 0) throw dl::Error(path_ + ": the data set is empty: its header says length 0");
    if (__builtin_mul_overflow(values, shape_.back(), &values) || values > (int64_t{1} << 40))
      throw dl::Error(path_ + ": its header asks for more than a TiB; the file is damaged: fetch it again");
  }
  if (in.compressed()) return;
  const auto found = static_cast<int64_t>(std::filesystem::file_size(path_));
  if (const auto expected = header_bytes() + values; found != expected)
    wrong_length(path_, expected, std::to_string(found));
}

dl::Tensor IdxFile::read() const {
  ByteStream in(path_);
  std::vector<unsigned char> header(static_cast<size_t>(header_bytes()));
  in.read(header.data(), header_bytes());
  auto values = at::empty(shape_, at::kByte);
  const auto expected = header_bytes() + values.numel();
  if (const auto got = in.read(values.mutable_data_ptr<uint8_t>(), values.numel()); got != values.numel())
    wrong_length(path_, expected, std::to_string(header_bytes() + got));
  unsigned char beyond;
  if (in.read(&beyond, 1) != 0) wrong_length(path_, expected, "more");  // at the end, gzip's checksum is compared too
  return values;
}

}  // namespace vision
