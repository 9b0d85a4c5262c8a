#include "flat_parameters.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <c10/core/StorageImpl.h>

#include <algorithm>
#include <utility>

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
                               dl::Communicator& communicator, std::shared_ptr<OffloadFile> file)
    : what_(std::move(what)),
      parameters_(std::move(parameters)),
      layout_(std::move(layout)),
      streamed_(streamed),
      communicator_(communicator),
      file_(std::move(file)) {
  take_over();
}

/// Each parameter's view of `flat`.
dl::Tensors FlatParameters::views_of(const dl::Tensor& flat) const {
  dl::Tensors views;
  for (size_t i = 0; i < parameters_.size(); ++i) views.push_back(view_like(parameters_[i], flat, layout_.offsets[i]));
  return views;
}

void FlatParameters::show(const dl::Tensors& views) {
  // As Tensor::set_data() does, without its operator: a profiler would look at memory that is not there.
  for (size_t i = 0; i < parameters_.size(); ++i)
    parameters_[i].unsafeGetTensorImpl()->shallow_copy_from(views[i].getIntrusivePtr());
}

void FlatParameters::take_over() {
  const at::NoGradGuard no_grad;
  const auto dtype = parameters_.at(0).scalar_type();
  const int64_t length = piece_length(layout_.elements, communicator_.size());
  const int64_t padded = length * communicator_.size();
  flat_ = streamed_ ? at::empty({padded}, parameters_[0].options().requires_grad(false))
                    : communicator_.allocate(padded, dtype);
  present_ = views_of(flat_);
  for (size_t i = 0; i < parameters_.size(); ++i) present_[i].copy_(parameters_[i]);
  if (streamed_) {
    // Without memory: an operator that reads or writes it throws c10::Error with this text.
    at::Storage nothing(c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), flat_.nbytes(),
                                                              at::DataPtr(nullptr, flat_.device()), nullptr,
                                                              /*resizable=*/false));
    absent_ = views_of(at::empty({0}, flat_.options()).set_(nothing, 0, {padded}));
    nothing.unsafeGetStorageImpl()->release_data_and_set_meta_custom_data_ptr_error_msg_(
        "the parameters of the unit " + what_ +
        " are kept in pieces by ZeRO stage 3 and are there only while the unit is called; use what the unit returns, "
        "or "
        "backend = \"deepspeed_stage_2\"");
  }
  show(present_);
  const auto part = flat_.narrow(0, communicator_.rank() * length, length);
  if (file_)
    piece_ = (piece_.defined() ? piece_.narrow(0, 0, length) : file_->zeros(length, dtype)).copy_(part);
  else
    piece_ = streamed_ ? part.clone() : part;
  let_go();
  gathered_ = true;
  release();
}

/// The piece is not used for now.
void FlatParameters::let_go() const {
  if (file_) file_->let_go();
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
  if (streamed_ && gathered_) return;
  RECORD_USER_SCOPE("all_gather parameters of " + what_);  // in traces
  if (!streamed_) {
    if (communicator_.size() > 1) communicator_.all_gather(flat_, piece_, "parameters of " + what_);
    return;
  }
  if (gathering_) {
    std::exchange(gathering_, nullptr)->wait();
  } else {
    fill_flat();
    communicator_.all_gather(flat_, piece_, "parameters of " + what_);
  }
  let_go();
  show(present_);
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
  let_go();
  return whole;
}

void FlatParameters::keep(const dl::Tensor& whole) {
  piece_.copy_(whole.narrow(0, communicator_.rank() * piece_.numel(), piece_.numel()));
  let_go();
}

void FlatParameters::take_out(const dl::Tensor& parameter) {
  const at::NoGradGuard no_grad;
  gather();
  for (auto& own : parameters_) own.set_data(own.detach().clone());
  std::erase_if(parameters_, [&](const dl::Tensor& own) { return own.is_same(parameter); });
  present_.clear();
  flat_.reset();  // gives its memory back
  gathered_ = false;
  layout_ = lay_out(parameters_);
  if (!parameters_.empty()) take_over();
}

std::vector<std::unique_ptr<FlatParameters>> flat_buckets(const std::string& name,
                                                          std::span<const dl::Tensor> parameters,
                                                          const BucketPlan& plan, dl::Communicator& communicator) {
  std::vector<std::unique_ptr<FlatParameters>> buckets;
  for (size_t b = 0; b < plan.elements.size(); ++b) {
    std::vector<dl::Tensor> members;
    FlatLayout layout{{}, plan.elements[b]};
    for (size_t i = 0; i < parameters.size(); ++i)
      if (plan.slices[i].bucket == b) {
        members.push_back(parameters[i]);
        layout.offsets.push_back(plan.slices[i].offset);
      }
    buckets.push_back(std::make_unique<FlatParameters>(name + ", bucket " + std::to_string(b + 1), std::move(members),
                                                       std::move(layout), false, communicator));
  }
  return buckets;
}

}  // namespace parallel
