#include "unit_stream.h"

#include <algorithm>
#include <utility>

#include "checkpointed_unit.h"
#include "dl/error.h"
#include "flat_broadcast.h"
#include "same_network.h"

namespace parallel {

namespace {

constexpr int64_t kMessageBytes = 25 << 20;

}  // namespace

/// A unit, as its graphs see it.
class UnitStream::Gate final : public UnitEvents {
 public:
  Gate(FlatParameters* parameters, GatherTrace& trace) : parameters_(parameters), trace_(trace) {}
  void enter() override {
    if (parameters_) trace_.need(*parameters_);
  }
  void leave() override {
    if (!parameters_) return;
    parameters_->release();
    parameters_->pass_done();
  }
  void drop() { parameters_ = nullptr; }
  FlatParameters* parameters() const { return parameters_; }

 private:
  FlatParameters* parameters_;
  GatherTrace& trace_;
};

UnitStream::UnitStream(std::string network, bool checkpoint, const dl::BackendContext& context, GatherTrace& trace,
                       std::shared_ptr<OffloadFile> file)
    : network_(std::move(network)), checkpoint_(checkpoint), context_(context), trace_(trace), file_(std::move(file)) {}

UnitStream::~UnitStream() = default;

void UnitStream::created(dl::UnitState& unit) {
  unit.runner = this;
  unit.module->to(context_.device);
  const auto tensors = module_tensors(*unit.module);
  const auto what = network_ + "." + unit.name;
  check_same_network(context_.control, what, tensors);
  std::vector<dl::Tensor> own;
  for (const auto& entry : tensors)
    if (!entry.buffer && owned_.insert(entry.tensor.unsafeGetTensorImpl()).second) own.push_back(entry.tensor);
  for (const auto& parameter : own)
    if (parameter.scalar_type() != own[0].scalar_type())
      throw dl::Error("network \"" + network_ + "\": the parameters of the unit " + unit.name + " are of two types, " +
                      c10::toString(own[0].scalar_type()) + " and " + c10::toString(parameter.scalar_type()) +
                      "; a unit's parameters are gathered together: make two units of it");
  FlatParameters* parameters = nullptr;
  if (!own.empty()) {
    flat_broadcast(context_.communicator, own, kMessageBytes, "parameters of " + what);
    auto layout = lay_out(own);
    parameters_.push_back(
        std::make_unique<FlatParameters>(what, std::move(own), std::move(layout), true, context_.communicator, file_));
    parameters = parameters_.back().get();
  }
  gates_.try_emplace(&unit, parameters, trace_);
}

dl::Tensors UnitStream::run(dl::UnitState& unit, dl::Tensors inputs,
                            const std::function<dl::Tensors(dl::Tensors)>& forward) {
  auto& gate = gates_.at(&unit);
  if (!gate.parameters())
    return checkpoint_ ? run_checkpointed(unit.module, std::move(inputs), forward, nullptr) : forward(inputs);
  gate.enter();
  dl::Tensors outputs = checkpoint_ ? run_checkpointed(unit.module, std::move(inputs), forward, &gate)
                                    : outputs_of(gate, forward(inputs_of(gate, std::move(inputs))));
  gate.parameters()->release();
  if (checkpoint_ && at::GradMode::is_enabled()) gate.parameters()->await_pass();
  return outputs;
}

std::vector<std::unique_ptr<FlatParameters>> UnitStream::finish(const std::vector<ModuleTensor>& tensors) {
  for (const auto& entry : tensors) {
    if (entry.buffer || entry.aliases.empty() || !owned_.count(entry.tensor.unsafeGetTensorImpl())) continue;
    for (auto& parameters : parameters_) {
      const auto& own = parameters->parameters();
      const bool here = std::any_of(own.begin(), own.end(), [&](const auto& t) { return t.is_same(entry.tensor); });
      // Names within the unit alone are no reason.
      const auto outside = [&](const std::string& name) {
        return name.compare(0, parameters->what().size() - network_.size(),
                            parameters->what().substr(network_.size() + 1) + ".") != 0;
      };
      if (here && (outside(entry.name) || std::any_of(entry.aliases.begin(), entry.aliases.end(), outside)))
        parameters->take_out(entry.tensor);
    }
  }
  for (auto& [unit, gate] : gates_)
    if (gate.parameters() && gate.parameters()->parameters().empty()) gate.drop();
  std::erase_if(parameters_, [](const auto& parameters) { return parameters->parameters().empty(); });
  return std::move(parameters_);
}

void UnitStream::pass_done() {
  for (auto& [unit, gate] : gates_)
    if (auto* parameters = gate.parameters()) {
      parameters->release();
      parameters->await_nothing();
    }
}

}  // namespace parallel
