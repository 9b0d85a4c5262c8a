#include "zero3.h"

namespace parallel {

ZeRO3::ZeRO3(const DDPOptions& options, const dl::BackendContext& context)
    : ZeRO2(options, context), trace_(context.overlap && context.communicator.size() > 1) {}

dl::Build& ZeRO3::build(const std::string& name) {
  auto& stream = streams_[name];
  stream = std::make_unique<UnitStream>(name, options_.activation_checkpointing, context_, trace_);
  return *stream;
}

std::vector<std::unique_ptr<FlatParameters>> ZeRO3::streamed_units(const std::string& network,
                                                                   const std::vector<ModuleTensor>& tensors) {
  const auto stream = streams_.find(network);
  if (stream == streams_.end()) return {};
  return stream->second->finish(tensors);
}

void ZeRO3::begin_update(std::span<const std::string> networks) {
  ZeRO2::begin_update(networks);
  trace_.begin_update();
}

void ZeRO3::end_update(std::span<const std::string> networks, std::span<double> totals) {
  trace_.end_update();
  ZeRO2::end_update(networks, totals);
}

void ZeRO3::pass_done() {
  for (auto& [name, stream] : streams_) stream->pass_done();
}

}  // namespace parallel
