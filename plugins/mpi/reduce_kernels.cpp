#include "reduce_kernels.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <bit>
#include <cstring>
#include <type_traits>

namespace mpi {

namespace {

struct Sum {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a + b);
  }
};
struct Max {
  template <class T>
  T operator()(T a, T b) const {
    return a < b ? b : a;
  }
};
struct Min {
  template <class T>
  T operator()(T a, T b) const {
    return b < a ? b : a;
  }
};

template <class T>
using Wide = std::conditional_t<std::is_same_v<T, c10::BFloat16> || std::is_same_v<T, c10::Half>, float, T>;

// Pieces of constant length: so the compiler vectorises the loops at -O2. Long ones make the copies cheap and stay in
// the first cache, short ones leave little for the scalar loop.
template <class T>
constexpr int64_t kLong = 4096 / sizeof(Wide<T>);
constexpr int64_t kShort = 64;

template <class T>
Wide<T> widen(T value) {
  return static_cast<Wide<T>>(value);
}
template <class T>
T narrow(Wide<T> value) {
  return static_cast<T>(value);
}
// As c10 does it, but without a branch, so that it is vectorised.
template <>
inline float widen<c10::BFloat16>(c10::BFloat16 value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value.x) << 16);
}
template <>
inline c10::BFloat16 narrow<c10::BFloat16>(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t even = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t nan = 0u - static_cast<uint32_t>(value != value);  // all ones
  return {static_cast<uint16_t>((even & ~nan) | (0x7fc0u & nan)), c10::BFloat16::from_bits()};
}

template <class T>
const T* at(const char* memory, int64_t begin) {
  return reinterpret_cast<const T*>(memory) + begin;
}

// What is written is computed first: a destination may be a source.
template <class T, class Combine>
[[gnu::always_inline]] inline void reduce_block(std::span<const char* const> sources,
                                                std::span<char* const> destinations, int64_t begin, int64_t length) {
  alignas(64) Wide<T> total[kLong<T>];
  const T* first = at<T>(sources[0], begin);
  if (sources.size() == 1) {
    for (int64_t i = 0; i < length; ++i) total[i] = widen<T>(first[i]);
  } else {
    const T* second = at<T>(sources[1], begin);
    for (int64_t i = 0; i < length; ++i) total[i] = Combine()(widen<T>(first[i]), widen<T>(second[i]));
    for (const char* source : sources.subspan(2)) {
      const T* next = at<T>(source, begin);
      for (int64_t i = 0; i < length; ++i) total[i] = Combine()(total[i], widen<T>(next[i]));
    }
  }
  const auto hand_out = [&](const T* result) {
    for (char* destination : destinations)
      std::memcpy(destination + begin * static_cast<int64_t>(sizeof(T)), result,
                  static_cast<size_t>(length) * sizeof(T));
  };
  if constexpr (std::is_same_v<T, Wide<T>>) {
    hand_out(total);
  } else {
    alignas(64) T rounded[kLong<T>];
    for (int64_t i = 0; i < length; ++i) rounded[i] = narrow<T>(total[i]);
    hand_out(rounded);
  }
}

template <class T, class Combine>
void reduce(std::span<const char* const> sources, std::span<char* const> destinations, int64_t elements) {
  int64_t begin = 0;
  for (; begin + kLong<T> <= elements; begin += kLong<T>)
    reduce_block<T, Combine>(sources, destinations, begin, kLong<T>);
  for (; begin + kShort <= elements; begin += kShort) reduce_block<T, Combine>(sources, destinations, begin, kShort);
  if (begin < elements) reduce_block<T, Combine>(sources, destinations, begin, elements - begin);
}

template <class T>
ReduceKernel kernel_of(dl::ReduceOp op) {
  switch (op) {
    case dl::ReduceOp::max:
      return reduce<T, Max>;
    case dl::ReduceOp::min:
      return reduce<T, Min>;
    default:
      return reduce<T, Sum>;
  }
}

}  // namespace

ReduceKernel reduce_kernel(at::ScalarType dtype, dl::ReduceOp op) {
  switch (dtype) {
    case at::kFloat:
      return kernel_of<float>(op);
    case at::kDouble:
      return kernel_of<double>(op);
    case at::kBFloat16:
      return kernel_of<c10::BFloat16>(op);
    case at::kHalf:
      return kernel_of<c10::Half>(op);
    case at::kLong:
      return kernel_of<int64_t>(op);
    case at::kInt:
      return kernel_of<int32_t>(op);
    case at::kByte:
      return kernel_of<uint8_t>(op);
    default:
      return nullptr;
  }
}

Reduction::Reduction(at::ScalarType dtype, dl::ReduceOp op)
    : kernel(reduce_kernel(dtype, op)), width(static_cast<int64_t>(c10::elementSize(dtype))) {}

}  // namespace mpi
