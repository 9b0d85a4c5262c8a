// `dlhost schema`: what an editor makes of configs, judged by a validator from outside; and the committed reference.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "end_to_end/program.h"

using namespace end_to_end;
using Json = nlohmann::json;

namespace {

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string python() {
  const char* named = std::getenv("DL_TEST_PYTHON");
  return named ? named : DL_DEFAULT_PYTHON;
}

/// Without folders that a user's environment adds.
constexpr const char* kPlain = "DLHOST_PLUGIN_PATH=";

/// The validator's line for the good config in which `from` became `to`.
std::string verdict(const Scratch& scratch, const std::string& from, const std::string& to) {
  if (!std::filesystem::exists(scratch.path() / "schema.json"))
    BOOST_REQUIRE(shell(scratch.path(), kPlain + std::string(" ") + DLHOST + " schema > schema.json").code == 0);
  auto text = small_config();
  const auto at = text.find(from);
  BOOST_REQUIRE(at != std::string::npos);
  scratch.write("c.toml", text.replace(at, from.size(), to));
  auto result = shell(scratch.path(), python() + " " + SCRIPT + " schema.json c.toml");
  BOOST_TEST(result.code == 0, result.output);
  return result.output.substr(0, result.output.find('\n'));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_schema)

BOOST_AUTO_TEST_CASE(good_configs) {
  const Scratch scratch;
  BOOST_TEST(verdict(scratch, "[data]", "[data]") == "ok");
  std::string files;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SOURCE "/configs")) {
    files += " " + entry.path().string();
    ++count;
  }
  const auto shipped = shell(scratch.path(), python() + " " + SCRIPT + " schema.json" + files);
  BOOST_TEST(shipped.count("ok\n") == count, shipped.output);
  BOOST_TEST(verdict(scratch, "optimizer = {", "optimizers.main = {") == "ok");
  BOOST_TEST(verdict(scratch, "seed = 1",
                     "seed = 1\nbackend = { type = \"parallel.DDP\", params = { bucket_mb = 1 } }") == "ok");
  BOOST_TEST(verdict(scratch, "seed = 1", "seed = 1\nbackend = \"parallel.DDP\"\ncommunicator = \"auto\"") == "ok");
  BOOST_TEST(verdict(scratch, "[logger]", "[[loggers]]\ntype = \"csv.CSVLogger\"\n[logger]") == "ok");
  BOOST_TEST(verdict(scratch, "batch_size = 24",
                     "transforms = { train = [ { type = \"vision.RandomHorizontalFlip\" } ] }") == "ok");
  BOOST_TEST(verdict(scratch, "lr = 0.05", "lr = 1") == "ok");  // a whole number is a float too
}

BOOST_AUTO_TEST_CASE(bad_configs) {
  const Scratch scratch;
  struct Case {
    const char *from, *to, *expected;
  };
  const Case cases[] = {
      {"num_epochs = 2", "num_epoch = 2", "train: Additional properties are not allowed ('num_epoch' was unexpected)"},
      {"batch_size = 24", "batch_size = \"24\"", "data.batch_size: '24' is not of type 'integer'"},
      {"batch_size = 24", "batch_size = 0", "data.batch_size: 0 is less than the minimum of 1"},
      {"seed = 1", "timeout_s = 0", "engine.timeout_s: 0 is less than or equal to the minimum of 0"},
      {"seed = 1", "overlap = \"yes\"", "engine.overlap: 'yes' is not one of ['auto', 'on', 'off']"},
      {"num_classes = 4, image_size", "num_clases = 4, image_size",
       "model.network.params: Additional properties are not allowed ('num_clases' was unexpected)"},
      {"lr = 0.05", "lr = -1", "model.optimizer.params.lr: -1 is less than the minimum of 0"},
      {"type = \"torch.SGD\", ", "", "model.optimizer: 'type' is a required property"},
      {"[train]", "[trainer]", ": Additional properties are not allowed ('trainer' was unexpected)"},
  };
  for (const auto& c : cases) BOOST_TEST(verdict(scratch, c.from, c.to) == c.expected);
  const auto other = verdict(scratch, "vision.SimpleCNN", "vision.SimpleCnn");
  BOOST_TEST(other.starts_with("model.network.type: 'vision.SimpleCnn' is not one of ["), other);
  // A class of another kind, and each option by the class that is there.
  const auto kind = verdict(scratch, "torch.CrossEntropyLoss", "vision.SimpleCNN");
  BOOST_TEST(kind.starts_with("model.loss.type: 'vision.SimpleCNN' is not one of ["), kind);
  BOOST_TEST(verdict(scratch, "params = { gamma = 0.9 }", "params = { step_size = 3 }") ==
             "model.scheduler.params: Additional properties are not allowed ('step_size' was unexpected)");
}

BOOST_AUTO_TEST_CASE(what_editors_show) {
  const Scratch scratch;
  const auto schema = Json::parse(dlhost(scratch.path(), "schema", 0, kPlain).output);
  const auto& network = schema["properties"]["model"]["properties"]["network"];
  const auto& type = network["properties"]["type"];
  const auto names = type["enum"].get<std::vector<std::string>>();
  const auto at = std::find(names.begin(), names.end(), "vision.SimpleCNN");
  BOOST_REQUIRE(at != names.end());
  const auto& docs = type["x-taplo"]["docs"]["enumValues"];
  BOOST_TEST(docs.size() == names.size());
  BOOST_TEST(docs[static_cast<size_t>(at - names.begin())].get<std::string>().starts_with("Two convolutions"));
  const auto& options = schema["definitions"]["vision.SimpleCNN"]["properties"];
  BOOST_TEST(options["num_classes"]["default"] == 10);
  BOOST_TEST(options["num_classes"]["minimum"] == 1);
  BOOST_TEST(options["num_channels"]["description"].get<std::string>().starts_with("C: 1 is grey"));
  // Taplo doesn't look at if/then for completion: the options stand in anyOf as well.
  BOOST_TEST(network["properties"]["params"]["anyOf"].dump().find("vision.SimpleCNN") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(plugins_of_the_configs_path) {
  const Scratch scratch;
  std::filesystem::create_directory(scratch.path() / "more");
  const auto real = std::filesystem::path(DLHOST).parent_path().parent_path() / "lib/dlhost/plugins/csv.so";
  shell(scratch.path(), "sed 's/name=csv/name=cvs/' " + real.string() + " > more/cvs.so && echo text > more/broken.so");
  scratch.write("c.toml", "[plugins]\npath = [\"more\"]\n");
  BOOST_TEST(dlhost(scratch.path(), "schema c.toml").says("cvs.CSVLogger"));
  BOOST_TEST(!dlhost(scratch.path(), "schema").says("cvs.CSVLogger"));
  // One that can't be used is left out, and said so.
  shell(scratch.path(), "sed 's/torch=2/torch=1/' " + real.string() + " > more/csv.so");
  const auto result = shell(scratch.path(), std::string(DLHOST) + " schema c.toml > out.json");
  BOOST_TEST(result.code == 0);
  BOOST_TEST(result.says("warning: left out: "), result.output);
  BOOST_TEST(result.says("csv.so: incompatible: built for LibTorch 1.11.0"), result.output);
  BOOST_TEST(!Json::parse(read(scratch.path() / "out.json"))["definitions"].contains("csv.CSVLogger"));
}

// It is made without CUDA, whose plugin is in no other build.
BOOST_AUTO_TEST_CASE(the_committed_reference_is_up_to_date, *boost::unit_test::enable_if<!WITH_CUDA>()) {
  const Scratch scratch;
  const auto made = dlhost(scratch.path(), "schema --markdown", 0, kPlain);
  BOOST_TEST(made.code == 0);
  BOOST_TEST(
      (made.output == read(SOURCE "/docs/config.md")),
      "docs/config.md is not what the schemas say; make it again:\n  DLHOST_PLUGIN_PATH= build/release/bin/dlhost "
      "schema --markdown > docs/config.md");
}

BOOST_AUTO_TEST_SUITE_END()
