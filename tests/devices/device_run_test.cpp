// A run on a device gives the CPU's numbers, for this device computes on the CPU: whatever is left on the wrong side on
// the way is an error.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "core/checkpoint_load.h"
#include "core/checkpoints.h"
#include "core/toml_file.h"
#include "core/trainer.h"
#include "core/weights.h"
#include "support/fake_gpu.h"
#include "support/temporary_folder.h"

using namespace dl;
using namespace dl::host;

namespace device_run_test {

using dl::testing::FakeGpu;

constexpr const char* kConfig = R"([data]
module = { type = "vision.Synthetic", params = { num_classes = 4, train_size = 60, validation_size = 20, test_size = 20 } }
batch_size = 8
num_workers = 2
[model]
module    = { type = "tasks.ImageClassification", params = { log_train_accuracy = true } }
network   = { type = "vision.SimpleCNN", params = { num_classes = 4 } }
optimizer = { type = "torch.AdamW", params = { lr = 0.001 } }
loss      = { type = "torch.CrossEntropyLoss", params = { label_smoothing = 0.1, weight = [1, 2, 3, 4] } }
metrics   = [ { type = "metrics.Accuracy" }, { type = "metrics.ConfusionMatrix" } ]
[engine]
precision = 64
[train]
num_epochs = 2
accumulator_factor = 2
sanity_val_batches = 0
gradient_clip = { norm = 1.0 }
log_grad_norm = true
[logger]
log_every_n_steps = 1
)";

/// One process's run on `device`, checkpoints in `folder`.
struct Run {
  Run(at::Device device, const std::vector<std::string>& set, const std::filesystem::path& folder) {
    auto config = parse_toml(kConfig, "c.toml");
    for (const auto& assignment : set) set_value(config, assignment);
    Problems problems;
    plan.emplace(make_plan(config, registry, launch, problems));
    BOOST_REQUIRE_MESSAGE(problems.empty(), problems.text());
    plan->device = device;
    objects = build_objects(*plan, registry, launch, [](auto) {});
    const auto& train = plan->settings.train;
    if (train.ema) average.emplace(train.ema, train.swa, *objects.backend, objects.optimizers);
    checkpoints.emplace(*plan, objects, average ? &*average : nullptr, folder, CheckpointShare(), Checkpoints::Origin{},
                        console);
    TrainerCalls calls;
    calls.log = [this](const Metrics& metrics, const Progress& at) {
      for (const auto& [name, value] : metrics)
        if (name != "samples_per_second") logged.emplace_back(std::to_string(at.step) + " " + name, value);
    };
    trainer.emplace(*plan, objects, nullptr, calls, where);
  }
  void train() {
    trainer->run(state, {&*checkpoints, average ? &*average : nullptr, nullptr});
    tested = trainer->evaluate(Split::test, "test_", plan->limits.test);
  }

  Launch launch;
  Registry registry{{PLUGINS}};
  std::optional<Plan> plan;
  Objects objects;
  std::optional<WeightAverage> average;
  Console console{{.prints = false}};
  std::optional<Checkpoints> checkpoints;
  Whereabouts where;
  std::optional<Trainer> trainer;
  TrainState state;
  Metrics logged, tested;
};

void same(const Metrics& a, const Metrics& b, double tolerance) {
  BOOST_REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    BOOST_TEST(a[i].first == b[i].first);
    BOOST_TEST(std::abs(a[i].second - b[i].second) <= tolerance * std::abs(b[i].second),
               a[i].first << ": " << a[i].second << " and " << b[i].second);
  }
}

struct Setting {
  double tolerance;  // relative; 0: bit for bit
  std::vector<std::string> set;
};
std::ostream& operator<<(std::ostream& out, const Setting& setting) {
  for (const auto& assignment : setting.set) out << assignment << ' ';
  return out;
}

// Convolutions choose their kernel by the device's type: equal but for rounding.
const Setting kSettings[] = {
    {1e-10, {}},
    {0,
     {"model.network={type=\"vision.MLP\",params={in_features=784,width=32,layers=2,out_features=4}}",
      "model.optimizer={type=\"torch.SGD\",params={lr=0.01,momentum=0.9}}", "engine.precision=32"}},
    {1e-10, {"engine.backend=deepspeed_stage_1", "train.ema={decay=0.9}", "data.num_workers=0"}},
    {1e-8,
     {"model.network={type=\"vision.ResNet18\",params={num_classes=4,num_channels=1,stem=\"cifar\"}}",
      "train.ema={decay=0.9}", "train.num_epochs=1", "data.module.params.train_size=48"}}};

}  // namespace device_run_test

using namespace device_run_test;  // NOLINT

BOOST_DATA_TEST_CASE(a_device_gives_the_cpus_numbers, boost::unit_test::data::make(kSettings), setting) {
  const auto& set = setting.set;
  TemporaryFolder folder;
  Run cpu(at::kCPU, set, folder.path() / "cpu"), gpu(FakeGpu::device(), set, folder.path() / "gpu");
  const auto pinned = FakeGpu::pinned();
  cpu.train();
  BOOST_TEST(FakeGpu::pinned() == pinned);
  gpu.train();
  BOOST_TEST(FakeGpu::pinned() > pinned);
  BOOST_TEST(cpu.logged.size() > 10U);
  same(gpu.logged, cpu.logged, setting.tolerance);
  same(gpu.tested, cpu.tested, setting.tolerance);
  for (const auto& [name, network] : gpu.objects.networks)
    for (const auto& parameter : network->parameters()) BOOST_REQUIRE(parameter.device() == FakeGpu::device());

  // A checkpoint of one is one of the other.
  Run other(at::kCPU, set, folder.path() / "other"), back(FakeGpu::device(), set, folder.path() / "back");
  const auto saved = [&](const char* of) { return folder.path() / of / "last"; };
  const auto load = [&](Run& run, const char* of) {
    run.state = load_checkpoint(saved(of), run.objects, run.average ? &*run.average : nullptr, {});
  };
  load(other, "gpu");
  load(back, "cpu");
  same(other.trainer->evaluate(Split::test, "test_", other.plan->limits.test), cpu.tested, setting.tolerance);
  same(back.trainer->evaluate(Split::test, "test_", back.plan->limits.test), cpu.tested, setting.tolerance);
}

BOOST_AUTO_TEST_CASE(dropout_draws_from_the_devices_generator) {
  TemporaryFolder folder;
  Run run(FakeGpu::device(), {"train.max_steps=1"}, folder.path());
  run.train();
  BOOST_TEST(FakeGpu::seed() == derive_seed(42, "dropout", 0, 0));
}
