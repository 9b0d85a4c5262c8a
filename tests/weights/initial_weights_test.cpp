#include "core/initial_weights.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "core/checkpoint_save.h"
#include "core/initial_weights_files.h"
#include "core/safetensors.h"
#include "network_of.h"
#include "oracles/oracle.h"
#include "run_files/throws.h"
#include "support/temporary_folder.h"

using namespace dl;
using namespace dl::host;

namespace {

std::string reference(const std::string& name) { return std::string(DL_ORACLES) + "/torch_files/" + name; }

TrainSettings from(const std::filesystem::path& file, const std::string& prefix = "", bool partial = false) {
  TrainSettings train;
  train.init_from = Value(file.string());
  train.init_prefix = prefix;
  train.init_partial = partial;
  return train;
}

using Normal = Held<dl::testing::Normalised>;
Normal normal(at::ScalarType dtype = at::kFloat) { return Normal(std::make_shared<dl::testing::Normalised>(1), dtype); }

struct Said {
  std::string said, warned;
};

template <class Network>
Said load(Held<Network>& held, const TrainSettings& train) {
  Said out;
  load_initial_weights(
      held.ddp, held.networks, train, [&](const std::string& line) { out.said += line; },
      [&](const std::string& line) { out.warned += line; });
  return out;
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The tensors of torch_files.py's network.
std::vector<NamedTensor> tensors() {
  return {{"linear.weight", oracle::pattern({3, 3}, 1, 8, at::kFloat)},
          {"linear.bias", oracle::pattern({3}, 2, 8, at::kFloat)},
          {"norm.weight", oracle::pattern({3}, 3, 8, at::kFloat)},
          {"norm.bias", oracle::pattern({3}, 4, 8, at::kFloat)},
          {"norm.running_mean", oracle::pattern({3}, 5, 8, at::kFloat)},
          {"norm.running_var", oracle::pattern({3}, 6, 8, at::kFloat)},
          {"norm.num_batches_tracked", at::full({}, 7, at::kLong)}};
}

template <class Network>
void check_all(const Held<Network>& held) {
  for (const auto& [name, expected] : tensors())
    BOOST_TEST(at::equal(held[name], expected.to(held[name].dtype())), name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(initial_weights)

BOOST_AUTO_TEST_CASE(from_every_form) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x.bin", tensors());
  for (const auto& file :
       {reference("network.pt"), reference("network_old.pt"), reference("one_dict.pt"), (folder / "x.bin").string()}) {
    auto held = normal();
    const auto out = load(held, from(file));
    check_all(held);
    BOOST_TEST(out.said.find("network main begins with 7 tensors of " + file) == 0U, out.said);
    BOOST_TEST(out.warned == "");
  }
}

BOOST_AUTO_TEST_CASE(converted_to_the_precision_of_the_run) {
  auto held = normal(at::kDouble);
  load(held, from(reference("network.pt")));
  check_all(held);
  auto single = normal();  // double in the file
  load(single, from(reference("prefixed.pt"), "network."));
  check_all(single);
}

BOOST_AUTO_TEST_CASE(a_prefix_is_asked_for) {
  for (const char* name : {"lightning.ckpt", "prefixed.pt"}) {
    auto held = normal();
    const auto before = held["linear.weight"].clone();
    check_error([&] { load(held, from(reference(name))); },
                {name, "missing: linear.weight [3, 3]; did you mean \"network.linear.weight\"?",
                 "unexpected: network.norm.bias", "--init-prefix network. "});
    BOOST_TEST(at::equal(held["linear.weight"], before));
    const auto out = load(held, from(reference(name), "network."));
    check_all(held);
    BOOST_TEST(says(out.said, "whose names begin with network."), out.said);
  }
  auto held = normal();
  check_error([&] { load(held, from(reference("network.pt"), "net.")); }, {"missing: linear.weight"});
}

BOOST_AUTO_TEST_CASE(strict_or_what_fits) {
  const TemporaryFolder folder;
  auto changed = tensors();
  changed[0].name = "linear.wieght";
  changed[1].tensor = at::full({4}, 1.0);
  changed[6].tensor = at::full({}, 1.0);  // a number of batches is no real number
  changed.push_back({"head.weight", at::full({2}, 1.0)});
  write_safetensors(folder / "x.safetensors", changed);
  auto held = normal();
  const auto weight = held["linear.weight"].clone(), norm = held["norm.weight"].clone();
  const std::vector<std::string> differences = {
      "missing: linear.weight [3, 3]; did you mean \"linear.wieght\"?",
      "other shape: linear.bias is [4] in the file, [3] in the network",
      "other type: norm.num_batches_tracked is Float [] in the file, Long [] in the network", "unexpected: head.weight",
      "unexpected: linear.wieght"};
  auto all = differences;
  all.push_back("--init-partial");
  check_error([&] { load(held, from(folder / "x.safetensors")); }, all);
  BOOST_TEST(at::equal(held["norm.weight"], norm));  // nothing was overwritten

  const auto out = load(held, from(folder / "x.safetensors", "", true));
  for (const auto& part : differences) BOOST_TEST(says(out.warned, part), out.warned);
  BOOST_TEST(says(out.said, "begins with 4 tensors"), out.said);
  BOOST_TEST(at::equal(held["linear.weight"], weight));
  BOOST_TEST(at::equal(held["norm.weight"], changed[2].tensor));

  write_safetensors(folder / "other.safetensors", {{"z", at::full({1}, 1.0)}});
  check_error([&] { load(held, from(folder / "other.safetensors", "", true)); }, {"Nothing in it fits"});
}

/// `tied` is conv1.bias: a file may have both names, as PyTorch's state_dict does, or one of them.
BOOST_AUTO_TEST_CASE(tied_parameters) {
  const TemporaryFolder folder;
  Held<dl::testing::SmallCnn> held(std::make_shared<dl::testing::SmallCnn>(1));
  struct Collect final : CheckpointSink {
    std::vector<NamedTensor> tensors;
    std::map<std::string, std::string> metadata;
    void add(const Files& files, const Visit& visit) override {
      BOOST_TEST(files.size() == 1);
      metadata = files.at("model.safetensors");
      visit([&](const std::string&, const std::string& name, const Tensor& whole) {
        tensors.push_back({name, whole.clone()});
      });
    }
  } saved;
  save_networks(held.ddp, held.networks, {}, saved);
  BOOST_TEST((saved.metadata == std::map<std::string, std::string>{{"conv1.bias", "tied"}, {"format", "pt"}}));
  const auto at = std::find_if(saved.tensors.begin(), saved.tensors.end(), [](auto& t) { return t.name == "tied"; });
  BOOST_TEST_REQUIRE((at != saved.tensors.end()));

  const auto index = at - saved.tensors.begin();
  auto& tied = saved.tensors[static_cast<size_t>(index)];
  tied.tensor = at::full({3}, 5.0);
  tied.name = "conv1.bias";
  write_safetensors(folder / "one.safetensors", saved.tensors);
  load(held, from(folder / "one.safetensors"));
  BOOST_TEST(at::equal(held.network->tied, at::full({3}, 5.0)));

  saved.tensors.push_back({"tied", at::full({3}, 5.0)});
  write_safetensors(folder / "both.safetensors", saved.tensors);
  BOOST_TEST(load(held, from(folder / "both.safetensors")).warned == "");
  saved.tensors.back().tensor = at::full({3}, 6.0);
  write_safetensors(folder / "differ.safetensors", saved.tensors);
  check_error([&] { load(held, from(folder / "differ.safetensors")); }, {"conv1.bias and tied are one tensor"});
}

BOOST_AUTO_TEST_CASE(files_by_network) {
  const auto files = [](const Value& given, const std::vector<std::string>& networks, std::string& problems) {
    TrainSettings train;
    train.init_from = given;
    Problems found;
    auto result = initial_weights_files(train, networks, found);
    problems = found.text();
    return result;
  };
  std::string problems;
  BOOST_TEST((files(Value("a"), {"main"}, problems) == std::map<std::string, std::filesystem::path>{{"main", "a"}}));
  BOOST_TEST(files(Value(""), {"main"}, problems).empty());
  BOOST_TEST(problems == "");
  files(Value("a"), {"discriminator", "generator"}, problems);
  BOOST_TEST(says(problems, "several networks: { discriminator = \"a\", … }"), problems);
  Value table;
  table.at("generator") = Value("g");
  BOOST_TEST(files(table, {"discriminator", "generator"}, problems).at("generator") == "g");
  table.at("generatr") = Value("g");
  files(table, {"discriminator", "generator"}, problems);
  BOOST_TEST(says(problems, "no network \"generatr\"; did you mean \"generator\"?"), problems);
  files(Value(3), {"main"}, problems);
  BOOST_TEST(says(problems, "expected a file"), problems);
}

BOOST_AUTO_TEST_SUITE_END()
