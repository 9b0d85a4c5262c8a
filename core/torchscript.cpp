#include "core/torchscript.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <string>

#include "core/exception_text.h"
#include "core/shape_text.h"
#include "dl/error.h"

namespace dl::host {
namespace {

namespace jit = torch::jit;

/// The same tree of names and tensors.
jit::Module mirror(const torch::nn::Module& module, const std::string& name,
                   const std::shared_ptr<jit::CompilationUnit>& unit) {
  jit::Module made(c10::QualifiedName("__torch__." + name), unit, /*shouldMangle=*/true);
  made.register_attribute("training", c10::BoolType::get(), false);
  for (const auto& parameter : module.named_parameters(/*recurse=*/false))
    made.register_parameter(parameter.key(), parameter.value(), /*is_buffer=*/false);
  for (const auto& buffer : module.named_buffers(/*recurse=*/false)) made.register_buffer(buffer.key(), buffer.value());
  for (const auto& child : module.named_children())
    made.register_module(child.key(), mirror(*child.value(), name + "_" + child.key(), unit));
  return made;
}

c10::IValue as_value(const Tensors& outputs) {
  if (outputs.size() == 1) return outputs[0];
  return c10::ivalue::Tuple::create(std::vector<c10::IValue>(outputs.begin(), outputs.end()));
}

Tensors as_tensors(const jit::Stack& values) {
  Tensors tensors;
  for (const auto& value : values) tensors.push_back(value.toTensor());
  return tensors;
}

void check_same(const jit::Module& traced, Network& network, const Tensors& inputs) {
  const auto what = "the trace of the network, given " + shapes_text(inputs);
  const auto remedy =
      "; in its forward(), shapes must come from operators that leave the batch open (flatten(1), not "
      "view({x.size(0), …})), and evaluation must be without chance";
  const auto expected = network(inputs);
  c10::IValue value;
  try {
    auto copy = traced;
    value = copy.forward(std::vector<c10::IValue>(inputs.begin(), inputs.end()));
  } catch (...) {
    throw Error(what + ", fails where the network does not" + remedy + ": " + exception_text());
  }
  Tensors found;
  if (value.isTensor())
    found.push_back(value.toTensor());
  else
    for (const auto& element : value.toTupleRef().elements()) found.push_back(element.toTensor());
  for (size_t i = 0; i < expected.size(); ++i)
    if (found.at(i).sizes() != expected[i].sizes() || !at::allclose(found[i], expected[i], 1e-4, 1e-5, true))
      throw Error(what + ", gives other results than the network itself" + remedy);
}

}  // namespace

void write_torchscript(const std::filesystem::path& path, Network& network, const Tensors& inputs) {
  const at::NoGradGuard no_grad;
  network.eval();
  const auto unit = std::make_shared<jit::CompilationUnit>();
  auto module = mirror(network, "Network", unit);
  const auto run = [&](const jit::Stack& values) { return jit::Stack{as_value(network(as_tensors(values)))}; };
  const auto no_name = [](const Tensor&) { return std::string(); };
  const auto [state, outputs] = jit::tracer::trace(jit::Stack(inputs.begin(), inputs.end()), run, no_name,
                                                   /*strict=*/true, /*force_outplace=*/false, &module);
  auto* forward = unit->create_function(c10::QualifiedName(*module.type()->name(), "forward"), state->graph);
  module.type()->addMethod(forward);

  Tensors one, more;
  for (const auto& input : inputs) {
    one.push_back(input.narrow(0, 0, 1));
    more.push_back(at::cat({input, input}));
  }
  check_same(module, network, one);
  check_same(module, network, more);
  module.save(path.string());
}

}  // namespace dl::host
