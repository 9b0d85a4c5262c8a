#include "core/export.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "core/checkpoint_folder.h"
#include "core/safetensors.h"
#include "core/weights_file.h"
#include "run_files/python.h"
#include "run_files/throws.h"
#include "support/temporary_folder.h"

using namespace dl;
using namespace dl::host;
namespace fs = std::filesystem;

namespace {

/// A checkpoint of the network "main", whose `tied` has two names.
fs::path checkpoint(const fs::path& parent, int averaged = 0, bool second = false) {
  auto folder = CheckpointFolder::begin(parent, "step-1");
  write_safetensors(folder.path() / "model.safetensors",
                    {{"b", at::full({2, 3}, 1.5)}, {"a", at::full({}, 2, at::kLong)}, {"tied", at::full({2}, 3.0)}},
                    {{"format", "pt"}, {"head.weight", "tied"}});
  if (second) write_safetensors(folder.path() / "model.other.safetensors", {{"c", at::full({1}, 4.0)}});
  write_safetensors(folder.path() / "optimizer.main.safetensors", {{"exp_avg/b", at::full({2, 3}, 0.0)}});
  write_text(folder.path() / "state.json", "{\"weight_average\": " + std::to_string(averaged) + "}");
  return folder.commit();
}

std::string exported(const ExportArguments& arguments) {
  std::ostringstream out;
  BOOST_TEST(export_weights(arguments, out) == 0);
  return out.str();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(export_command)

BOOST_AUTO_TEST_CASE(both_formats_hold_the_same) {
  const TemporaryFolder folder;
  const auto from = checkpoint(folder / "run");
  for (const char* name : {"x.safetensors", "x.pt", "x.pth"}) {
    const auto said = exported({.checkpoint = from, .out = folder / name});
    BOOST_TEST(said.find("4 tensors of the network main, ") != std::string::npos, said);
    const auto weights = open_weights(folder / name);
    BOOST_TEST(weights.tensors.size() == 4U);
    BOOST_TEST(at::equal(weights.read("b"), at::full({2, 3}, 1.5)));
    BOOST_TEST(at::equal(weights.read("a"), at::full({}, 2, at::kLong)));
    for (const char* tied : {"tied", "head.weight"}) BOOST_TEST(at::equal(weights.read(tied), at::full({2}, 3.0)));
  }
  BOOST_TEST(run_python("torch_pickle_check.py", {(folder / "x.pt").string()}).find("head.weight FloatStorage 2 2") !=
             std::string::npos);
  BOOST_TEST(std::distance(fs::directory_iterator(folder.path()), {}) == 4);  // and no temporary files
}

BOOST_AUTO_TEST_CASE(never_over_a_file) {
  const TemporaryFolder folder;
  const auto from = checkpoint(folder / "run");
  write_text(folder / "x.pt", "mine");
  check_error([&] { exported({.checkpoint = from, .out = folder / "x.pt"}); }, {"x.pt exists already"});
  BOOST_TEST(read_text(folder / "x.pt") == "mine");
}

BOOST_AUTO_TEST_CASE(which_network_and_which_weights) {
  const TemporaryFolder folder;
  const auto two = checkpoint(folder / "two", 0, true);
  check_error([&] { exported({.checkpoint = two, .out = folder / "x"}); }, {"the networks main, other", "--network"});
  check_error([&] { exported({.checkpoint = two, .out = folder / "x", .network = "othr"}); },
              {"no network \"othr\"; did you mean \"other\"?"});
  exported({.checkpoint = two, .out = folder / "other", .network = "other"});
  BOOST_TEST(open_weights(folder / "other").tensors.size() == 1U);
  check_error([&] { exported({.checkpoint = two, .out = folder / "x", .network = "main", .average = true}); },
              {"has no average"});
  const auto said = exported({.checkpoint = checkpoint(folder / "ema", 7), .out = folder / "x", .average = true});
  BOOST_TEST(said.find("the average of its weights") != std::string::npos, said);
}

BOOST_AUTO_TEST_CASE(what_is_refused) {
  const TemporaryFolder folder;
  const auto from = checkpoint(folder / "run");
  check_error([&] { exported({.checkpoint = from, .format = "onnx"}); },
              {"--format onnx: there are safetensors, pt, torchscript"});
  check_error([&] { exported({.checkpoint = from, .format = "pht"}); },
              {"there are safetensors, pt, torchscript", "did you mean \"pt\"?"});
  check_error([&] { exported({.checkpoint = folder / "none"}); }, {"no checkpoint"});
  std::fstream file(from / "model.safetensors", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end);
  file.put('x');
  file.close();
  check_error([&] { exported({.checkpoint = from, .out = folder / "x.pt"}); }, {"model.safetensors was changed"});
  BOOST_TEST(!fs::exists(folder / "x.pt"));
}

BOOST_AUTO_TEST_SUITE_END()
