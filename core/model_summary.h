#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "dl/network.h"

namespace dl::host {

struct ParameterCount {
  int64_t elements = 0, trained = 0, bytes = 0;
};
/// Of a module with its submodules; shared parameters count once.
ParameterCount count_parameters(const torch::nn::Module& module);

/// A table of the networks' top-level modules with their types and numbers of parameters, and the totals, as
/// torchinfo or Lightning's ModelSummary show them. Shared parameters count once.
std::string model_summary(const std::map<std::string, std::shared_ptr<Network>>& networks);

}  // namespace dl::host
