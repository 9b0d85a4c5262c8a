#include "dl/rng.h"

#include <ATen/ops/empty.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "dl/error.h"

namespace dl {
namespace {

/// The finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA'14).
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

uint64_t key_of(uint64_t seed, std::string_view purpose, uint64_t step) {
  uint64_t key = mix(seed);
  for (const unsigned char c : purpose) key = mix(key ^ c);
  return mix(key ^ mix(step));
}

}  // namespace

Rng::Rng(uint64_t seed, std::string_view purpose, uint64_t step, uint64_t index)
    : engine_(key_of(seed, purpose, step), index, 0) {}

uint64_t Rng::next() {
  const uint64_t low = engine_();
  return low | (static_cast<uint64_t>(engine_()) << 32);
}

double Rng::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

double Rng::normal() {
  const double radius = std::sqrt(-2 * std::log1p(-uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

int64_t Rng::below(int64_t bound) {
  if (bound <= 0) throw Error("Rng::below: the bound must be positive, found " + std::to_string(bound));
  const auto range = static_cast<uint64_t>(bound);
  const uint64_t limit = -range % range;  // 2^64 mod range: the numbers below it would be drawn too often
  for (;;)
    if (const uint64_t bits = next(); bits >= limit) return static_cast<int64_t>(bits % range);
}

Tensor Rng::normal(at::IntArrayRef shape) {
  auto out = at::empty(shape, at::kFloat);
  auto* values = out.mutable_data_ptr<float>();
  for (int64_t i = 0; i < out.numel(); ++i) values[i] = static_cast<float>(normal());
  return out;
}

Tensor Rng::uniform(at::IntArrayRef shape) {
  auto out = at::empty(shape, at::kFloat);
  auto* values = out.mutable_data_ptr<float>();
  for (int64_t i = 0; i < out.numel(); ++i) values[i] = static_cast<float>(next() >> 40) * 0x1.0p-24F;
  return out;
}

std::vector<int64_t> Rng::permutation(int64_t size) {
  std::vector<int64_t> order(static_cast<size_t>(size));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = size - 1; i > 0; --i)
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(below(i + 1))]);
  return order;
}

uint64_t derive_seed(uint64_t seed, std::string_view purpose, uint64_t step, uint64_t index) {
  return mix(key_of(seed, purpose, step) ^ mix(index));
}

}  // namespace dl
