#include "reductions.h"

#include <c10/core/ScalarType.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <algorithm>

namespace mpi {

namespace {

struct Sum {
  float operator()(float a, float b) const { return a + b; }
};
struct Max {
  float operator()(float a, float b) const { return std::max(a, b); }
};
struct Min {
  float operator()(float a, float b) const { return std::min(a, b); }
};

// The signature that MPI_Op_create asks for.
template <class T, class Combine>
void combine(void* in, void* inout, int* length, MPI_Datatype*) {
  const auto* a = static_cast<const T*>(in);
  auto* b = static_cast<T*>(inout);
  for (int i = 0; i < *length; ++i) b[i] = T(Combine()(static_cast<float>(a[i]), static_cast<float>(b[i])));
}

template <class T>
void create(std::array<MPI_Op, 3>& ops) {
  MPI_Op_create(combine<T, Sum>, 1, &ops[static_cast<size_t>(dl::ReduceOp::sum)]);
  MPI_Op_create(combine<T, Max>, 1, &ops[static_cast<size_t>(dl::ReduceOp::max)]);
  MPI_Op_create(combine<T, Min>, 1, &ops[static_cast<size_t>(dl::ReduceOp::min)]);
}

}  // namespace

Reductions::Reductions() {
  create<c10::BFloat16>(bfloat16_);
  create<c10::Half>(float16_);
}

Reductions::~Reductions() {
  for (auto& op : bfloat16_) MPI_Op_free(&op);
  for (auto& op : float16_) MPI_Op_free(&op);
}

MPI_Datatype Reductions::type(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return MPI_FLOAT;
    case at::kDouble:
      return MPI_DOUBLE;
    case at::kLong:
      return MPI_INT64_T;
    case at::kInt:
      return MPI_INT32_T;
    case at::kByte:
      return MPI_UINT8_T;
    case at::kBFloat16:
    case at::kHalf:
      return MPI_UINT16_T;  // the bits; only our own operations see them
    default:
      return MPI_DATATYPE_NULL;
  }
}

MPI_Op Reductions::op(at::ScalarType dtype, dl::ReduceOp op) const {
  if (dtype == at::kBFloat16) return bfloat16_[static_cast<size_t>(op)];
  if (dtype == at::kHalf) return float16_[static_cast<size_t>(op)];
  switch (op) {
    case dl::ReduceOp::max:
      return MPI_MAX;
    case dl::ReduceOp::min:
      return MPI_MIN;
    default:
      return MPI_SUM;
  }
}

}  // namespace mpi
