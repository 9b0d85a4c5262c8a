#pragma once
#include "gather_trace.h"
#include "unit_stream.h"
#include "zero2.h"

namespace parallel {

/// ZeRO stage 3 (Rajbhandari et al., 2020): as ZeRO2, and the parameters of units (dl::Network::unit) are kept in
/// pieces, gathered unit by unit before use and freed after it; with engine.overlap the next gather goes on beside the
/// computation. What is in no unit stays whole, so a network without units is trained as under ZeRO2. The pieces may
/// lie in a file (offload_parameters; ZeRO-Infinity: Rajbhandari et al., 2021).
class ZeRO3 final : public ZeRO2 {
 public:
  static auto schema() {
    return DDPOptions::schema("ZeRO stage 3: parameters, gradients and optimizer state cut over ranks, unit by unit",
                              /*cuts_parameters=*/true);
  }
  static dl::Traits traits() { return ZeRO2::traits(); }
  ZeRO3(const DDPOptions& options, const dl::BackendContext& context);

  dl::Build& build(const std::string& name) override;
  void begin_update(std::span<const std::string> networks) override;
  void end_update(std::span<const std::string> networks, std::span<double> totals) override;
  void after_step(std::span<const std::string> networks) override;

 private:
  std::vector<std::unique_ptr<FlatParameters>> streamed_units(const std::string& network,
                                                              const std::vector<ModuleTensor>& tensors) override;
  void pass_done() override;

  const std::shared_ptr<OffloadFile> file_;  // of parameters
  GatherTrace trace_;
  std::map<std::string, std::unique_ptr<UnitStream>> streams_;
};

}  // namespace parallel
