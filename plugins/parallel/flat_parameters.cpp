#include "flat_parameters.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <c10/core/Allocator.h>
#include <c10/core/StorageImpl.h>

#include <algorithm>
#include <utility>

#include "bucket.h"
#include "pieces.h"

namespace parallel {

FlatLayout lay_out(std::span<const dl::Tensor> parameters) {
  FlatLayout layout;
  for (const auto& parameter : parameters) {
    layout.offsets.push_back(layout.elements);
    layout.elements += (parameter.numel() + kSliceAlignment - 1) / kSliceAlignment * kSliceAlignment;
  }
  return layout;
}

FlatParameters::FlatParameters(std::string what, std::vector<dl::Tensor> parameters, FlatLayout layout, bool streamed,
                               dl::Communicator& communicator)
    : what_(std::move(what)),
      parameters_(std::move(parameters)),
      layout_(std::move(layout)),
      streamed_(streamed),
      communicator_(communicator) {
  take_over();
}

namespace {

/// A tensor without memory: an operator that reads or writes it throws c10::Error with `text`.
dl::Tensor tensor_without_memory(int64_t elements, const dl::Tensor& like, std::string text) {
  at::Storage storage(c10::make_intrusive<c10::StorageImpl>(
      c10::StorageImpl::use_byte_size_t(), static_cast<size_t>(elements) * like.element_size(),
      at::DataPtr(nullptr, like.device()), nullptr, /*resizable=*/false));
  auto tensor = at::empty({0}, like.options().requires_grad(false)).set_(storage, 0, {elements});
  storage.unsafeGetStorageImpl()->release_data_and_set_meta_custom_data_ptr_error_msg_(std::move(text));
  return tensor;
}

}  // namespace

void FlatParameters::take_over() {
  const at::NoGradGuard no_grad;
  const auto dtype = parameters_.at(0).scalar_type();
  const int64_t length = piece_length(layout_.elements, communicator_.size());
  const int64_t padded = length * communicator_.size();
  flat_ = streamed_ ? at::empty({padded}, parameters_[0].options().requires_grad(false))
                    : communicator_.allocate(padded, dtype);
  if (streamed_)
    absent_ = tensor_without_memory(
        padded, parameters_[0],
        "the parameters of the unit " + what_ +
            " are kept in pieces by ZeRO stage 3 and are there only while the unit is called; use what the unit "
            "returns, or backend = \"deepspeed_stage_2\"");
  for (size_t i = 0; i < parameters_.size(); ++i)
    view_like(parameters_[i], flat_, layout_.offsets[i]).copy_(parameters_[i]);
  show(flat_);
  piece_ = flat_.narrow(0, communicator_.rank() * length, length);
  if (streamed_) piece_ = piece_.clone();
  gathered_ = true;
  release();
}

/// The parameters become views of `flat`.
void FlatParameters::show(const dl::Tensor& flat) {
  for (size_t i = 0; i < parameters_.size(); ++i)
    parameters_[i].set_data(view_like(parameters_[i], flat, layout_.offsets[i]));
}

void FlatParameters::fill_flat() {
  const auto bytes = static_cast<size_t>(padded_elements()) * flat_.element_size();
  flat_.storage().set_data_ptr_noswap(c10::GetAllocator(flat_.device().type())->allocate(bytes));
  flat_.storage().set_nbytes(bytes);
}

void FlatParameters::start_gather() {
  if (gathered_ || gathering_) return;
  fill_flat();
  gathering_ =
      communicator_.start([&communicator = communicator_, flat = flat_, piece = piece_, what = what_]() mutable {
        communicator.all_gather(flat, piece, "parameters of " + what);
      });
}

void FlatParameters::gather() {
  if (!streamed_) {
    if (communicator_.size() > 1) communicator_.all_gather(flat_, piece_, "parameters of " + what_);
    return;
  }
  if (gathered_) return;
  if (gathering_) {
    std::exchange(gathering_, nullptr)->wait();
  } else {
    fill_flat();
    communicator_.all_gather(flat_, piece_, "parameters of " + what_);
  }
  show(flat_);
  gathered_ = true;
}

void FlatParameters::release() {
  if (!streamed_) return;
  if (gathering_) gather();
  if (!gathered_) return;
  // What autograd has saved shares the storage, and finds it filled again by the next gather().
  flat_.storage().set_data_ptr_noswap(at::DataPtr(nullptr, flat_.device()));
  flat_.storage().set_nbytes(0);
  show(absent_);
  gathered_ = false;
}

dl::Tensor FlatParameters::whole() const {
  dl::Tensor whole = at::empty({padded_elements()}, piece_.options());
  communicator_.all_gather(whole, piece_, "parameters of " + what_);
  return whole;
}

void FlatParameters::keep(const dl::Tensor& whole) {
  piece_.copy_(whole.narrow(0, communicator_.rank() * piece_.numel(), piece_.numel()));
  if (!streamed_) gather();
}

void FlatParameters::take_out(const dl::Tensor& parameter) {
  const at::NoGradGuard no_grad;
  gather();
  for (auto& own : parameters_) own.set_data(own.detach().clone());
  std::erase_if(parameters_, [&](const dl::Tensor& own) { return own.is_same(parameter); });
  flat_.reset();  // gives its memory back
  gathered_ = false;
  layout_ = lay_out(parameters_);
  if (!parameters_.empty()) take_over();
}

}  // namespace parallel
