#include "communicator.h"

#include "bootstrap.h"
#include "devices.h"
#include "dl/error.h"
#include "link.h"

namespace nccl {

namespace {

dl::Communicator& control_of(const dl::CommunicatorContext& context) {
  if (!context.control) throw dl::Error("NCCL is bootstrapped over a CPU communicator, and the host gave none");
  return *context.control;
}

at::Device device_of(const dl::CommunicatorContext& context) {
  const auto local = static_cast<size_t>(context.control->local_rank());
  return {at::kCUDA, static_cast<c10::DeviceIndex>(context.gpus.at(local))};
}

std::unique_ptr<Transport> connect(const dl::CommunicatorContext& context) {
  auto& control = control_of(context);
  ncclUniqueId id{};
  share_id(control, device_problem(context.gpus, control.local_rank()), id.internal,
           [&id](std::span<char>) { Link::make_id(id); });
  return std::make_unique<Link>(id, control.rank(), control.size(), device_of(context), context.timeout_s);
}

}  // namespace

// The transport is made first: without a GPU there is no device to speak of.
Communicator::Communicator(const Options&, const dl::CommunicatorContext& context)
    : Communicator(connect(context), context) {}

Communicator::Communicator(std::unique_ptr<Transport> transport, const dl::CommunicatorContext& context)
    : StreamCommunicator(*context.control, device_of(context), std::move(transport), context.timeout_s) {}

}  // namespace nccl
