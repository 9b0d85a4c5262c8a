#include "core/shape_trace.h"

#include <c10/util/StringUtil.h>

#include <cctype>
#include <exception>
#include <memory>

#include "core/shape_text.h"
#include "dl/problems.h"

namespace dl::host {
namespace {

/// LibTorch's callbacks are plain functions without an argument of ours: this is how they find the object.
thread_local ShapeTrace* now = nullptr;

std::string without_namespace(std::string name) {
  const auto colons = name.rfind("::");
  return colons == std::string::npos ? name : name.substr(colons + 2);
}

}  // namespace

struct ShapeTrace::Operation : at::ObserverContext {
  std::string name, layer;
  std::vector<std::string> given, parameters;
  bool is_layer = false;
};

ShapeTrace::ShapeTrace(const std::vector<std::pair<std::string, at::Tensor>>& parameters)
    : exceptions_(std::uncaught_exceptions()) {
  for (const auto& [name, tensor] : parameters)
    if (tensor.numel() > 0) parameters_[tensor.const_data_ptr()] = {name, c10::str(tensor.sizes())};
  now = this;
  handle_ = at::addThreadLocalCallback(
      at::RecordFunctionCallback(start, end).needsInputs(true).needsOutputs(true).scopes({at::RecordScope::FUNCTION}));
}

ShapeTrace::~ShapeTrace() {
  at::removeCallback(handle_);
  now = nullptr;
}

void ShapeTrace::describe(const at::RecordFunction& function, Operation& operation) const {
  operation.name = without_namespace(function.name());
  for (const auto& value : function.inputs()) {
    if (!value.isTensor() || !value.toTensor().defined()) continue;
    const auto& tensor = value.toTensor();
    const auto known =
        tensor.has_storage() && tensor.numel() > 0 ? parameters_.find(tensor.const_data_ptr()) : parameters_.end();
    if (known == parameters_.end()) {
      operation.given.push_back(shape_text(tensor));
      continue;
    }
    const auto& [name, shape] = known->second;
    operation.parameters.push_back(name + " " + shape);
    if (operation.layer.empty()) operation.layer = name.substr(0, name.rfind('.'));
  }
}

std::unique_ptr<at::ObserverContext> ShapeTrace::start(const at::RecordFunction& function) {
  auto operation = std::make_unique<Operation>();
  if (!now) return operation;
  now->describe(function, *operation);
  operation->is_layer =
      now->listening_ > 0 && now->inside_ == 0 && !operation->layer.empty() && !operation->given.empty();
  if (operation->is_layer || now->inside_ > 0) ++now->inside_;
  return operation;
}

void ShapeTrace::end(const at::RecordFunction& function, at::ObserverContext* context) {
  if (!now || !context) return;
  auto& operation = static_cast<Operation&>(*context);
  if (now->inside_ > 0) --now->inside_;
  if (std::uncaught_exceptions() > now->exceptions_) {
    // The outer operators come last, and say it in the network's words.
    now->failed_ = (operation.layer.empty() ? operation.name : operation.layer + " (" + operation.name + ")") +
                   ", given " + join(operation.given);
    if (!operation.parameters.empty()) now->failed_ += " and " + join(operation.parameters);
  } else if (operation.is_layer && !function.outputs().empty() && function.outputs()[0].isTensor()) {
    now->layers_.push_back(
        {operation.layer, operation.name, operation.given[0], shape_text(function.outputs()[0].toTensor())});
  }
}

}  // namespace dl::host
