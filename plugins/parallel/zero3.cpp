#include "zero3.h"

#include "dl/error.h"

namespace parallel {

ZeRO3::ZeRO3(const DDPOptions& options, const dl::BackendContext& context)
    : ZeRO2(options, context),
      file_(options.parameter_file(context.device)),
      trace_(context.overlap && context.communicator.size() > 1) {}

dl::Build& ZeRO3::build(const std::string& name) {
  auto& stream = streams_[name];
  stream = std::make_unique<UnitStream>(name, options_.activation_checkpointing, context_, trace_, file_);
  return *stream;
}

std::vector<std::unique_ptr<FlatParameters>> ZeRO3::streamed_units(const std::string& network,
                                                                   const std::vector<ModuleTensor>& tensors) {
  const auto stream = streams_.find(network);
  std::vector<std::unique_ptr<FlatParameters>> units;
  if (stream != streams_.end()) units = stream->second->finish(tensors);
  if (file_ && units.empty())
    throw dl::Error("offload_parameters: the network \"" + network +
                    "\" has no units of its own parameters, and what is in no unit stays in memory; mark its blocks "
                    "with unit() (dl/network.h), or leave offload_parameters out");
  return units;
}

void ZeRO3::begin_update(std::span<const std::string> networks) {
  ZeRO2::begin_update(networks);
  trace_.begin_update();
}

void ZeRO3::end_update(std::span<const std::string> networks, std::span<double> totals) {
  trace_.end_update();
  ZeRO2::end_update(networks, totals);
}

void ZeRO3::after_step(std::span<const std::string> networks) {
  ZeRO2::after_step(networks);
  if (file_) file_->let_go();
}

void ZeRO3::pass_done() {
  for (auto& [name, stream] : streams_) stream->pass_done();
}

}  // namespace parallel
