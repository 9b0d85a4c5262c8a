#include "core/batch_upload.h"

#include <ATen/core/Tensor.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <utility>

namespace dl::host {

BatchUpload::BatchUpload(at::Device device)
    : stream_(c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device)), copied_(device.type()) {}

void BatchUpload::begin(Batch batch) {
  const c10::StreamGuard on(stream_);
  for (auto& field : batch.fields) field = field.to(stream_.device(), /*non_blocking=*/true);
  copied_.record(stream_);
  batch_ = std::move(batch);
}

Batch BatchUpload::take() {
  const c10::impl::VirtualGuardImpl devices(stream_.device_type());
  const auto current = devices.getStream(stream_.device());
  copied_.block(current);
  // The memory is the upload stream's: it must not be used again there before the current stream is done with it.
  for (const auto& field : batch_->fields) devices.recordDataPtrOnStream(field.storage().data_ptr(), current);
  return *std::exchange(batch_, std::nullopt);
}

}  // namespace dl::host
