#pragma once
/// A UnitNet in training under any of the backends.
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "networks.h"
#include "plugins/parallel/zero1.h"
#include "plugins/parallel/zero3.h"
#include "unit_net.h"
#include "window.h"
#include "world.h"

namespace dl::testing {

constexpr int64_t kRows = 13;

struct Setting {
  int stage = 0;  ///< 0: DDP
  bool overlap = false;
  bool checkpointing = false;
  std::string reduce_dtype = "same";
  std::string offload_optimizer, offload_parameters;
  double bucket_mb = 25;
};

inline std::unique_ptr<Backend> make(const Setting& setting) {
  auto& world = World::communicator();
  const parallel::DDPOptions options{setting.bucket_mb, setting.reduce_dtype, setting.checkpointing,
                                     setting.offload_optimizer, setting.offload_parameters};
  const BackendContext context{world, world, at::kCPU, setting.overlap};
  if (setting.stage == 0) return std::make_unique<parallel::DDP>(options, context);
  if (setting.stage == 1) return std::make_unique<parallel::ZeRO1>(options, context);
  if (setting.stage == 2) return std::make_unique<parallel::ZeRO2>(options, context);
  return std::make_unique<parallel::ZeRO3>(options, context);
}

/// Momentum, element by element.
inline void apply(Backend& backend, const std::string& name) {
  const at::NoGradGuard no_grad;
  for (auto& param : backend.params(name)) {
    if (!param.used) continue;
    ++param.step;
    auto& average = param.state("momentum_buffer");
    average.mul_(0.9).add_(param.grad);
    param.value.sub_(average, 0.02);
  }
  backend.after_step(std::vector<std::string>{name});
}

struct Trained {
  explicit Trained(const Setting& setting, at::ScalarType dtype = at::kDouble) : backend(make(setting)) {
    network = attach_unit_net(*backend, "main", 11, dtype);
    x_BC = noise({kRows, 5}, 5).to(dtype);
    y_BC = noise({kRows, 3}, 6).to(dtype);
  }
  Tensor loss(Rows rows) {
    return squared_error((*network)(x_BC.slice(0, rows.begin, rows.end)), y_BC.slice(0, rows.begin, rows.end));
  }
  void step(int micro_batches = 1) {
    step_on(micro_batches, [&](Rows rows) { return loss(rows); });
  }
  void step_on(int micro_batches, const LossOnRows& loss_on_rows) {
    update(*backend, {"main"}, cut(share(kRows, World::communicator()), micro_batches), kRows, loss_on_rows);
    apply(*backend, "main");
  }
  std::vector<NamedTensor> visited(bool states = true) {
    std::vector<NamedTensor> found;
    backend->visit("main", states, false, [&](const NetworkEntry& entry, Tensor& whole) {
      found.push_back({entry.state + "/" + entry.name, whole.detach().clone()});
    });
    return found;
  }

  std::unique_ptr<Backend> backend;
  std::unique_ptr<UnitNet> network;
  Tensor x_BC, y_BC;
};

inline void check_same(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b, double tolerance) {
  BOOST_REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    BOOST_TEST(a[i].name == b[i].name);
    BOOST_TEST((tolerance == 0 ? at::equal(a[i].tensor, b[i].tensor)
                               : at::allclose(a[i].tensor, b[i].tensor, tolerance, tolerance)),
               a[i].name);
  }
}

}  // namespace dl::testing
