// The key functions of every interface: type information lives once, here, so that dynamic_cast and catch work across
// libraries.
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include "dl/dl.h"

namespace dl {

UnitRunner::~UnitRunner() = default;
Build::~Build() = default;
Network::Network() = default;
Network::~Network() = default;
UnaryNetwork::UnaryNetwork() = default;
UnaryNetwork::~UnaryNetwork() = default;
Task::~Task() = default;
Step::~Step() = default;
Evaluation::~Evaluation() = default;
Resources::~Resources() = default;
Loss::~Loss() = default;
Metric::~Metric() = default;
Optimizer::~Optimizer() = default;
Scheduler::~Scheduler() = default;
Data::~Data() = default;
Transform::~Transform() = default;
Backend::~Backend() = default;
Communicator::~Communicator() = default;
Work::~Work() = default;
Logger::~Logger() = default;
Registrar::~Registrar() = default;

std::string to_string(Kind kind) {
  static constexpr const char* kNames[] = {"network", "task",      "loss",    "metric",       "optimizer", "scheduler",
                                           "data",    "transform", "backend", "communicator", "logger"};
  return kNames[static_cast<size_t>(kind)];
}

std::string to_string(Split split) {
  static constexpr const char* kNames[] = {"train", "validation", "test", "predict"};
  return kNames[static_cast<size_t>(split)];
}

void Network::register_at(const std::string& path, std::shared_ptr<torch::nn::Module> module) {
  torch::nn::Module* parent = this;
  size_t begin = 0;
  for (size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', begin)) {
    const auto name = path.substr(begin, dot - begin);
    const auto children = parent->named_children();
    const auto* child = children.find(name);
    parent = (child ? *child : parent->register_module(name, std::make_shared<torch::nn::Module>())).get();
    begin = dot + 1;
  }
  parent->register_module(path.substr(begin), std::move(module));
}

Tensors UnaryNetwork::forward(const Tensors& inputs) {
  if (inputs.size() != 1) throw Error("this network takes one input, " + std::to_string(inputs.size()) + " were given");
  return {forward(inputs[0])};
}

void Metric::merge(Tensor& total, const Tensor& state) const { total.add_(state); }

Tensor& Param::state(const std::string& key) {
  auto& tensor = states[key];
  if (!tensor.defined()) tensor = make_state ? make_state(value, key) : at::zeros_like(value);
  return tensor;
}

void Scheduler::observe(double, std::vector<double>&) const {}

Tensors Data::get_batch(Split, std::span<const int64_t>) const { throw Error("this data class has no get_batch()"); }

Tensors Data::collate(std::vector<Sample> samples) const {
  if (samples.empty()) return {};
  Tensors fields;
  for (size_t field = 0; field < samples[0].size(); ++field) {
    Tensors column;
    for (const auto& sample : samples) column.push_back(sample.at(field));
    fields.push_back(at::stack(column));
  }
  return fields;
}

Tensors Data::finish(Split, Tensors fields) const { return fields; }
Value Data::info() const { return {}; }

}  // namespace dl
