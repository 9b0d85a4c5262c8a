#pragma once
#include <ATen/core/grad_mode.h>

#include <string>

#include "core/checkpoints.h"
#include "core/self_communicator.h"
#include "parallel/networks.h"
#include "plugins/parallel/ddp.h"
#include "run_files/streams.h"

/// The parts of a run that checkpoints see: a network of a few numbers, an optimizer's state, one rank.
class SmallRun {
 public:
  explicit SmallRun(dl::host::CheckpointSettings settings = {}) {
    plan.settings.checkpoint = std::move(settings);
    auto self = std::make_shared<dl::SelfCommunicator>();
    objects.control = objects.communicator = self;
    objects.backend =
        std::make_shared<parallel::DDP>(parallel::DDPOptions{}, dl::BackendContext{*self, *self, at::kCPU});
    auto network = std::make_shared<dl::testing::Normalised>(1);
    objects.backend->attach("main", *network);
    objects.networks["main"] = network;
    objects.optimizers.resize(1);
    objects.optimizers[0].name = "main";
    objects.optimizers[0].networks = {"main"};
    set(0);
  }

  /// Every weight and state.
  void set(double value) {
    const at::NoGradGuard no_grad;
    for (auto& param : objects.backend->params("main")) {
      param.value.fill_(value);
      param.state("exp_avg").fill_(value);
    }
  }
  dl::host::TrainState at_step(int64_t step, int64_t epoch = 0) const {
    dl::host::TrainState state;
    state.at.step = step;
    state.at.epoch = epoch;
    state.samples_done = 1;
    return state;
  }
  std::unique_ptr<dl::host::Checkpoints> checkpoints(const std::filesystem::path& folder) {
    return std::make_unique<dl::host::Checkpoints>(plan, objects, nullptr, folder, dl::host::CheckpointShare(),
                                                   dl::host::Checkpoints::Origin{"[train]\n", {{"vision", "1.0"}}},
                                                   console);
  }
  /// What the console has said.
  std::string said() { return stream_.text(); }

  dl::host::Plan plan;
  dl::host::Objects objects;

 private:
  TextStream stream_;

 public:
  dl::host::Console console{{.out = stream_.file(), .err = stream_.file(), .terminal = false}};
};
