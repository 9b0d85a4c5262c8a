// Classes that say in their traits that they can't work with something: configs that need it are refused before any
// object is made, so there is nothing to make.
#include "dl/dl.h"

namespace {

dl::ClassInfo limited(dl::Kind kind, uint32_t abi, const std::string& name, dl::Traits traits) {
  dl::ClassInfo info{kind, abi, name, "For tests", {}, {}, {}, std::move(traits), {}, {}};
  info.check = [](const dl::Value&, const std::string&, dl::Problems&) {};
  info.create = [](const dl::Value&, void*) -> std::shared_ptr<void> { throw dl::Error("it was created"); };
  return info;
}

}  // namespace

DL_PLUGIN("limited", "1.0.0", "For tests: classes that can't work with everything") {
  using dl::Kind;
  r.add(limited(Kind::backend, dl::Backend::kAbi, "Float32Backend", {.dtypes = {at::kFloat}}));
  r.add(limited(Kind::backend, dl::Backend::kAbi, "ShardedBackend", {.sharded = true}));
  r.add(limited(Kind::optimizer, dl::Optimizer::kAbi, "WholeOptimizer", {.elementwise = false}));
  r.add(limited(Kind::communicator, dl::Communicator::kAbi, "GpuCommunicator", {.devices = {at::kCUDA}}));
}
