#pragma once
/// Reads the numbers that the scripts in this folder wrote, and makes the inputs as they do (oracle_lines.py).
#include <ATen/ops/empty.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace oracle {

/// The lines of NAME.txt: key to numbers. DL_ORACLES is this folder.
inline std::map<std::string, std::vector<double>> read(const std::string& name) {
  std::ifstream in(std::string(DL_ORACLES) + "/" + name + ".txt");
  if (!in) throw std::runtime_error("no oracle " + name);
  std::map<std::string, std::vector<double>> numbers;
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(": ");
    std::istringstream words(line.substr(colon + 2));
    auto& values = numbers[line.substr(0, colon)];
    for (std::string word; words >> word;) values.push_back(std::strtod(word.c_str(), nullptr));
  }
  return numbers;
}

/// oracle_lines.py: pattern().
inline at::Tensor pattern(at::IntArrayRef shape, int64_t salt, double scale = 8, at::ScalarType dtype = at::kDouble) {
  auto tensor = at::empty(shape, at::kDouble);
  auto* values = tensor.mutable_data_ptr<double>();
  for (int64_t i = 0; i < tensor.numel(); ++i)
    values[i] = static_cast<double>((salt * i * i + 7 * i + 5 * salt) % 13 - 6) / scale;
  return tensor.to(dtype);
}

inline uint64_t fnv1a(const std::string& text) {
  uint64_t value = 0xCBF29CE484222325;
  for (const char byte : text) value = (value ^ static_cast<uint8_t>(byte)) * 0x100000001B3;
  return value;
}

/// oracle_lines.py: hashed().
inline at::Tensor hashed(at::IntArrayRef shape, const std::string& name) {
  auto tensor = at::empty(shape, at::kDouble);
  auto* values = tensor.mutable_data_ptr<double>();
  const uint64_t start = fnv1a(name);
  const int64_t count = tensor.numel();
  for (int64_t i = 0; i < count; ++i) {
    uint64_t x = static_cast<uint64_t>(i + 1) * 0x9E3779B97F4A7C15 + start;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    values[i] = static_cast<double>((x ^ (x >> 31)) >> 11) * 0x1p-52 - 1;
  }
  return tensor;
}

inline std::vector<double> flat(const at::Tensor& tensor) {
  const auto values = tensor.detach().to(at::kDouble).contiguous();
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

}  // namespace oracle
