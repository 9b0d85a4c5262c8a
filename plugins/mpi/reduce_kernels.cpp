#include "reduce_kernels.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <algorithm>
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

// Of constant length: so the compiler vectorises the loops at -O2, without a scalar copy for other lengths.
constexpr int64_t kBlock = 128;

template <class T>
using Wide = std::conditional_t<std::is_same_v<T, c10::BFloat16> || std::is_same_v<T, c10::Half>, float, T>;

template <class T>
const T* at(const char* memory, int64_t begin) {
  return reinterpret_cast<const T*>(memory) + begin;
}

// What is written is computed first: a destination may be a source.
template <class T, class Combine>
inline void reduce_block(std::span<const char* const> sources, std::span<char* const> destinations, int64_t begin,
                         int64_t length) {
  Wide<T> total[kBlock];
  const T* first = at<T>(sources[0], begin);
  for (int64_t i = 0; i < length; ++i) total[i] = static_cast<Wide<T>>(first[i]);
  for (const char* source : sources.subspan(1)) {
    const T* next = at<T>(source, begin);
    for (int64_t i = 0; i < length; ++i) total[i] = Combine()(total[i], static_cast<Wide<T>>(next[i]));
  }
  T rounded[kBlock];
  for (int64_t i = 0; i < length; ++i) rounded[i] = static_cast<T>(total[i]);
  for (char* destination : destinations)
    std::memcpy(destination + begin * static_cast<int64_t>(sizeof(T)), rounded,
                static_cast<size_t>(length) * sizeof(T));
}

template <class T, class Combine>
void reduce(std::span<const char* const> sources, std::span<char* const> destinations, int64_t elements) {
  int64_t begin = 0;
  for (; begin + kBlock <= elements; begin += kBlock) reduce_block<T, Combine>(sources, destinations, begin, kBlock);
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

}  // namespace mpi
