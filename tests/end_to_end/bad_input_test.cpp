// Wrong input: a message that names the file and the remedy, the exit code of the design's table, no rank left hanging.
#include <boost/test/unit_test.hpp>

#include "program.h"

using namespace end_to_end;

namespace {

/// A tiny IDX data set of `images` 28 × 28 images in files as MNIST's.
void write_idx(const Scratch& scratch, int images, int label) {
  const auto number = [](int n) {
    std::string bytes;
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>((n >> shift) & 255);
    return bytes;
  };
  for (const char* split : {"train", "t10k"}) {
    const std::string name = split;
    scratch.write(name + "-images-idx3-ubyte", number(0x803) + number(images) + number(28) + number(28) +
                                                   std::string(static_cast<size_t>(images) * 784, '\x30'));
    scratch.write(name + "-labels-idx1-ubyte",
                  number(0x801) + number(images) + std::string(static_cast<size_t>(images), static_cast<char>(label)));
  }
}

std::string idx_config() {
  return R"([data]
root = "."
module = { type = "vision.MNIST" }
batch_size = 4
[model]
module    = { type = "tasks.ImageClassification" }
network   = { type = "vision.SimpleCNN" }
optimizer = { type = "torch.SGD" }
loss      = { type = "torch.CrossEntropyLoss" }
[engine]
threads = 1
[train]
num_epochs = 1
)";
}

void expect(const Result& result, int code, const std::vector<std::string>& words) {
  BOOST_TEST(result.code == code, result.output);
  for (const auto& word : words) BOOST_TEST(result.says(word), "'" << word << "' is not in: " << result.output);
  BOOST_TEST(result.seconds < time_limit(60));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bad_input)

BOOST_AUTO_TEST_CASE(idx_files) {
  const Scratch scratch;
  scratch.write("c.toml", idx_config());
  expect(dlhost(scratch.path(), "c.toml"), 2, {"train-images-idx3-ubyte", "[data] root"});
  write_idx(scratch, 12, 3);
  expect(dlhost(scratch.path(), "c.toml --run-dir good"), 0, {"test_loss"});

  std::filesystem::resize_file(scratch.path() / "train-images-idx3-ubyte", 5000);
  expect(dlhost(scratch.path(), "c.toml"), 2, {"train-images-idx3-ubyte", "found 5000"});
  expect(dlhost(scratch.path(), "c.toml", 2), 2, {"train-images-idx3-ubyte", "found 5000"});
  scratch.write("train-images-idx3-ubyte", "this is no IDX file at all, but a text of some length");
  expect(dlhost(scratch.path(), "c.toml"), 2, {"train-images-idx3-ubyte", "magic"});
  write_idx(scratch, 0, 0);
  expect(dlhost(scratch.path(), "c.toml"), 2, {"images-idx3-ubyte", "empty"});
  write_idx(scratch, 12, 11);
  expect(dlhost(scratch.path(), "c.toml --run-dir labels"), 1, {"t10k-labels-idx1-ubyte", "11"});
  expect(dlhost(scratch.path(), "c.toml --run-dir labels2", 2), 1, {"t10k-labels-idx1-ubyte", "11"});
}

BOOST_AUTO_TEST_CASE(a_backend_that_contradicts_its_traits) {
  const Scratch scratch;
  scratch.write("c.toml", faulty_config(0, "never"));
  expect(dlhost(scratch.path(), "c.toml --run-dir r --set engine.backend=faulty.Backend"), 2,
         {"faulty.Backend: its traits() say another thing than its sharded()"});
}

/// Every rank finds it; one says it, for which the others wait a while: less than a search for leaks would take.
BOOST_AUTO_TEST_CASE(a_wrong_config_under_mpirun) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const auto result =
      dlhost(scratch.path(), "c.toml --set model.network.type=vision.Nope", 3, "ASAN_OPTIONS=detect_leaks=0");
  BOOST_TEST(result.code == 2, result.output);
  BOOST_TEST(result.count("no class \"Nope\"") == 1, result.output);
}

BOOST_AUTO_TEST_CASE(more_ranks_than_samples) {
  const Scratch scratch;
  scratch.write("c.toml", idx_config());
  write_idx(scratch, 3, 1);
  const auto result = dlhost(scratch.path(), "c.toml --run-dir r", 4);
  expect(result, 2, {"3 samples for 4 ranks"});
  BOOST_TEST(result.count("3 samples for 4 ranks") == 1);
  expect(dlhost(scratch.path(), "c.toml --run-dir r", 3), 0, {"test_loss"});
}

BOOST_AUTO_TEST_CASE(config_files) {
  const Scratch scratch;
  scratch.write("syntax.toml", "[data]\nbatch_size = = 3\n");
  expect(dlhost(scratch.path(), "syntax.toml"), 2, {"syntax.toml:2:14"});
  expect(dlhost(scratch.path(), "nowhere.toml"), 2, {"nowhere.toml: cannot be read: No such file or directory"});
  expect(dlhost(scratch.path(), "."), 2, {"is a folder"});
  scratch.write("c.toml", small_config());
  expect(dlhost(scratch.path(), "c.toml --set model.network.params.num_clases=3"), 2,
         {"--set model.network.params.num_clases: [model.network.params] unknown key \"num_clases\"; did you mean "
          "\"num_classes\"?"});
  expect(dlhost(scratch.path(), "c.toml --set model.network.params.num_clases=3", 2), 2,
         {"did you mean \"num_classes\"?"});
  expect(dlhost(scratch.path(), "c.toml --set data.num_workers=-1"), 2,
         {"\"num_workers\" must be in [0, 256], found -1"});
  expect(dlhost(scratch.path(), "c.toml --set engine.num_nodes=2"), 2,
         {"\"num_nodes\" is 2, but this is one process on one host; start it with mpirun on 2 hosts"});
  expect(dlhost(scratch.path(), "c.toml --set engine.num_nodes=2", 2), 2,
         {"num_nodes is 2, but the ranks run on 1 host(s)"});
  expect(dlhost(scratch.path(), "c.toml --set data.drop_last=true --set data.batch_size=1000"), 2,
         {"drop_last leaves no batch"});
}

BOOST_AUTO_TEST_CASE(run_directories) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  scratch.write("file", "");
  expect(dlhost(scratch.path(), "c.toml --run-dir file/r"), 2, {"file/r"});
  expect(dlhost(scratch.path(), "c.toml --run-dir /proc/nowhere"), 2, {"/proc/nowhere"});
  expect(dlhost(scratch.path(), "c.toml --run-dir r --set train.max_steps=1"), 0, {});
  expect(dlhost(scratch.path(), "c.toml --run-dir r --set train.max_steps=1"), 2, {"/r"});  // another run's
}

BOOST_AUTO_TEST_CASE(plugins) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  expect(dlhost(scratch.path(), "c.toml --set model.network.type=vison.SimpleCNN"), 3, {"vison", "vision"});
  // A copy of a plugin whose stamp says another LibTorch: refused before it is opened, with both versions.
  std::filesystem::create_directory(scratch.path() / "p");
  const auto real = std::filesystem::path(DLHOST).parent_path().parent_path() / "lib/dlhost/plugins/metrics.so";
  shell(scratch.path(), "sed 's/torch=2\\.11\\.0/torch=2.10.0/' " + real.string() + " > p/metrics.so");
  expect(dlhost(scratch.path(), "c.toml --plugin-path p"), 3,
         {"built for LibTorch 2.10.0, this dlhost runs 2.11.0", "rebuild"});
  expect(dlhost(scratch.path(), "c.toml --plugin-path p", 2), 3, {"built for LibTorch 2.10.0"});
  expect(dlhost(scratch.path(), "list-plugins --plugin-path p"), 0, {"incompatible", "shadowed"});
  expect(dlhost(scratch.path(), "list-plugins --strict --plugin-path p"), 3, {"incompatible"});
  expect(dlhost(scratch.path(), "list-plugins --plugin-path nowhere"), 2, {"nowhere"});
  // One rank with another file of the same plugin: found out before anything is trained, and said once.
  shell(scratch.path(), "sed 's/version=0/version=9/' " + real.string() + " > p/metrics.so");
  const std::string rank = "-n 1 " DLHOST " c.toml --run-dir r";
  const auto odd = shell(scratch.path(), "mpirun --oversubscribe " + rank + " : " + rank + " --plugin-path p");
  expect(odd, 3,
         {"the plugin \"metrics\" is not the same on all ranks: host ", "(rank 1) has p/metrics.so with the sum "});
  BOOST_TEST(odd.count("is not the same on all ranks") == 1);
}

BOOST_AUTO_TEST_CASE(checkpoints) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  expect(dlhost(scratch.path(), "c.toml --run-dir r --set train.max_steps=1"), 0, {});
  expect(dlhost(scratch.path(), "test nowhere"), 2, {"nowhere"});
  expect(dlhost(scratch.path(), "test r --set model.network.params.num_classes=5"), 2,
         {"model.safetensors: does not fit the network \"main\"",
          "other shape: fc2.weight is [4, 64] in the file, [5, 64] in the network"});
  shell(scratch.path(), "printf 'X' | dd of=r/checkpoints/last/model.safetensors bs=1 seek=2000 conv=notrunc");
  expect(dlhost(scratch.path(), "test r"), 2, {"model.safetensors"});
  expect(dlhost(scratch.path(), "test r", 2), 2, {"model.safetensors"});
}

BOOST_AUTO_TEST_SUITE_END()
