// Every precision trains, on each backend and rank count.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/safetensors_file.h"
#include "program.h"

using namespace end_to_end;

namespace {

using Values = std::map<long, double>;

Result trained(const Scratch& scratch, const std::string& arguments, int ranks, int code = 0) {
  const auto result = dlhost(scratch.path(), arguments, ranks);
  BOOST_REQUIRE_MESSAGE(result.code == code, arguments << " ended with " << result.code << "\n" << result.output);
  return result;
}

/// small_config() with AdamW; the scale of float16 overflows at first, and again each 6 steps or so.
std::string config() {
  auto text = small_config();
  const std::string sgd = "{ type = \"torch.SGD\", params = { lr = 0.05, momentum = 0.9 } }";
  text.replace(text.find(sgd), sgd.size(), "{ type = \"torch.AdamW\", params = { lr = 0.003 } }");
  return text;
}

std::string set(const std::string& precision) {
  return " --set engine.precision=" + precision +
         (precision == "16" ? " --set 'engine.loss_scale={ init_scale = 16777216, growth_interval = 4 }'" : "");
}

std::vector<double> numbers(const Values& by_step) {
  std::vector<double> values;
  for (const auto& [step, value] : by_step) values.push_back(value);
  return values;
}

nlohmann::json json_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(precision)

/// Both backends are the same bit for bit, with short last micro-batches and clipping.
BOOST_AUTO_TEST_CASE(trains_on_every_backend) {
  const Scratch scratch;
  scratch.write("c.toml", config());
  const std::map<std::string, at::ScalarType> kinds{
      {"64", at::kDouble}, {"32", at::kFloat}, {"bf16", at::kFloat}, {"16", at::kFloat}, {"bf16-true", at::kBFloat16}};
  for (const auto& [precision, dtype] : kinds)
    for (const int ranks : {1, 2}) BOOST_TEST_CONTEXT(precision << " on " << ranks) {
        const auto train = [&](const std::string& backend) {
          const auto run = backend + precision + std::to_string(ranks);
          const auto result =
              trained(scratch,
                      "c.toml --run-dir " + run + " --set engine.backend=" + backend + set(precision) +
                          " --set train.accumulator_factor=2 --set data.batch_size=" + std::to_string(14 / ranks) +
                          " --set train.gradient_clip.value=0.1 --set train.num_epochs=3",
                      ranks);
          BOOST_TEST(result.count("warning") == (precision == "16" ? 1 : 0), result.output);
          return scratch.path() / run;
        };
        const auto ddp = train("ddp"), zero = train("deepspeed_stage_1");
        const auto losses = journal(ddp, "train_loss");
        BOOST_TEST(losses.size() == 42U);
        BOOST_TEST(losses.rbegin()->second < losses.begin()->second / 2);
        for (const char* metric :
             {"train_loss", "val_loss", "test_loss", "test_accuracy", "loss_scale", "skipped_updates"})
          BOOST_TEST((journal(zero, metric) == journal(ddp, metric)), metric);
        BOOST_TEST(journal(ddp, "loss_scale").size() == (precision == "16" ? 42U : 0U));
        BOOST_TEST(journal(ddp, "test_accuracy").begin()->second > 0.9);
        for (const auto& run : {ddp, zero}) {
          const dl::host::SafetensorsFile weights(run / "checkpoints/last/model.safetensors");
          for (const auto& entry : weights.tensors()) BOOST_TEST(entry.dtype == dtype, entry.name);
          const dl::host::SafetensorsFile states(run / "checkpoints/last/optimizer.main.safetensors");
          BOOST_TEST(states.entry("exp_avg/fc1.weight").dtype == dtype);
        }
        const auto configured = json_of(ddp / "run.json")["precision"];
        BOOST_TEST(configured ==
                   (precision.starts_with("b") ? nlohmann::json(precision) : nlohmann::json(std::stoi(precision))));
      }
}

/// Where each rank holds pieces of weights and gradients. Without accumulation, which adds them up in another order.
BOOST_AUTO_TEST_CASE(stages_2_and_3_are_ddp) {
  const Scratch scratch;
  scratch.write("c.toml", config());
  for (const std::string precision : {"bf16", "16", "bf16-true"}) {
    const auto train = [&](const std::string& backend) {
      const auto run = backend + precision;
      trained(scratch,
              "c.toml --run-dir " + run + " --set engine.backend=" + backend + set(precision) +
                  " --set data.batch_size=12 --set train.max_steps=16",
              2);
      return scratch.path() / run;
    };
    const auto ddp = train("ddp");
    for (const std::string backend : {"deepspeed_stage_2", "deepspeed_stage_3"}) {
      const auto zero = train(backend);
      for (const char* metric : {"train_loss", "val_loss", "test_loss", "loss_scale", "skipped_updates"})
        BOOST_TEST((journal(zero, metric) == journal(ddp, metric)), backend << " " << precision << " " << metric);
    }
    BOOST_TEST(journal(ddp, "train_loss").size() == 16U);
    BOOST_TEST(journal(ddp, "skipped_updates").empty() == (precision != "16"));
  }
}

/// In the middle of an epoch, with overflows before and after: the scale goes on where it was.
BOOST_AUTO_TEST_CASE(resumes_bit_for_bit) {
  const Scratch scratch;
  scratch.write("c.toml", config());
  for (const std::string precision : {"16", "bf16", "bf16-true"})
    for (const int ranks : {1, 2}) BOOST_TEST_CONTEXT(precision << " on " << ranks) {
        const auto name = [&](const char* run) { return run + precision + std::to_string(ranks); };
        const auto common = "c.toml" + set(precision) + (ranks == 2 ? " --set engine.backend=deepspeed_stage_1" : "") +
                            " --set data.batch_size=" + std::to_string(24 / ranks);
        trained(scratch, common + " --run-dir " + name("whole"), ranks);
        trained(scratch, common + " --set train.max_steps=19 --run-dir " + name("cut"), ranks);
        trained(scratch, common + " --resume " + name("cut"), ranks);
        const auto whole = scratch.path() / name("whole"), cut = scratch.path() / name("cut");
        for (const char* metric : {"train_loss", "loss_scale"})
          BOOST_TEST((journal(cut, metric) == journal(whole, metric)), metric);
        BOOST_TEST(journal(cut, "test_loss").at(32) == journal(whole, "test_loss").at(32));
        BOOST_TEST(journal(cut, "train_loss").size() == 32U);
        if (precision != "16") continue;
        const auto skipped = numbers(journal(cut, "skipped_updates"));
        BOOST_TEST((skipped == numbers(journal(whole, "skipped_updates"))));
        BOOST_TEST(skipped.front() == 1.0);
        BOOST_TEST(skipped.back() > journal(cut, "skipped_updates").at(19));
        const auto state = json_of(cut / "checkpoints/last/state.json");
        BOOST_TEST(state["loss_scale"]["scale"] == journal(cut, "loss_scale").at(32));
        BOOST_TEST(state["skipped_updates"] == skipped.back());
      }
}

BOOST_AUTO_TEST_CASE(a_checkpoint_evaluates_as_its_run_did) {
  const Scratch scratch;
  scratch.write("c.toml", config());
  for (const std::string precision : {"16", "bf16", "bf16-true"}) {
    trained(scratch, "c.toml --run-dir r" + precision + set(precision), 0);
    const auto tested = trained(scratch, "test --json r" + precision, 2);
    const auto at = tested.output.find('{');
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, tested.output);
    const auto metrics = nlohmann::json::parse(tested.output.substr(at, tested.output.rfind('}') + 1 - at));
    for (const char* metric : {"test_loss", "test_accuracy"})
      BOOST_TEST(metrics[metric] == journal(scratch.path() / ("r" + precision), metric).begin()->second);
  }
}

BOOST_AUTO_TEST_CASE(a_scale_below_the_minimum_ends_the_run) {
  const Scratch scratch;
  scratch.write("c.toml", config());
  for (const int ranks : {0, 2}) {
    const auto result = trained(scratch,
                                "c.toml --set engine.precision=16 --set 'engine.loss_scale={ init_scale = 4294967296, "
                                "min_loss_scale = 1073741824 }' --set engine.backend=deepspeed_stage_1",
                                ranks, 1);
    BOOST_TEST(result.says("step 2: gradients are infinite or NaN at a loss scale of 1073741824"), result.output);
    BOOST_TEST(result.says("min_loss_scale = 1073741824.0; precision = \"bf16\""), result.output);
    BOOST_TEST(result.count("gradients are infinite") == 1, result.output);
  }
}

BOOST_AUTO_TEST_CASE(check_runs_in_the_precision) {
  const Scratch scratch;
  scratch.write("c.toml", config());
  const auto shapes = [&](const std::string& precision) {
    const auto result = dlhost(scratch.path(), "check c.toml" + set(precision));
    BOOST_TEST(result.code == 0, result.output);
    return result;
  };
  const auto bf16 = shapes("bf16");
  BOOST_TEST(bf16.says("[2, 1, 8, 8] float32 -> [2, 4] bfloat16"), bf16.output);
  BOOST_TEST(bf16.says("[2, 4] bfloat16, [2] int64 -> [] float32"), bf16.output);
  const auto half = shapes("16");
  BOOST_TEST(half.says("[2, 1, 8, 8] float32 -> [2, 4] float16"), half.output);
  BOOST_TEST(half.says("warning: precision = 16: CPUs have hardly any fast float16"), half.output);
  const auto all = shapes("bf16-true");
  BOOST_TEST(all.says("[2, 1, 8, 8] bfloat16 -> [2, 4] bfloat16"), all.output);
  BOOST_TEST(all.says("[2, 4] bfloat16, [2] int64 -> [] bfloat16"), all.output);
}

BOOST_AUTO_TEST_SUITE_END()
