// [checkpoint] sharded: each rank's rows in a file of its own, and the whole from them.
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/checkpoint_sink.h"
#include "core/checkpoint_snapshot.h"
#include "core/checkpoint_tensors.h"
#include "core/safetensors.h"
#include "core/shard_name.h"
#include "core/weights_file.h"
#include "run_files/streams.h"
#include "run_files/throws.h"
#include "support/temporary_folder.h"

using namespace dl;
using namespace dl::host;
namespace fs = std::filesystem;

namespace {

CheckpointShare share(int rank, int count) {
  std::vector<int> ranks(static_cast<size_t>(count));
  std::iota(ranks.begin(), ranks.end(), 0);
  return CheckpointShare::of(ranks, rank, true);
}

/// A tensor of many rows, one of fewer than ranks, one too small to be cut, a scalar, an empty one.
const std::map<std::string, Tensor>& tensors() {
  static const std::map<std::string, Tensor> all{{"many", at::arange(0, 7001 * 3, at::kDouble).view({7001, 3})},
                                                 {"few", at::arange(0, 2 * 5000, at::kFloat).view({2, 5000})},
                                                 {"small", at::arange(0, 10, at::kFloat)},
                                                 {"scalar", at::full({}, 7, at::kLong)},
                                                 {"empty", at::full({0, 3}, 0, at::kFloat)}};
  return all;
}

void visit_all(const CheckpointSink::Visitor& visitor) {
  for (const auto& [name, tensor] : tensors()) visitor("model.safetensors", name, tensor);
}

void check_whole(const fs::path& folder) {
  const CheckpointTensors read(folder, "model.safetensors");
  BOOST_TEST(read.tensors().size() == tensors().size());
  for (const auto& [name, tensor] : tensors()) {
    BOOST_TEST(at::IntArrayRef(read.entry(name).shape) == tensor.sizes());
    BOOST_TEST(at::equal(read.read(name), tensor), name);
  }
  BOOST_TEST(read.metadata().at("head.weight") == "many");
}

/// A shard of 2 with "w" at `offsets`, on top of the plain metadata.
void write_shard(const fs::path& folder, int number, const Tensor& w, const std::string& offsets) {
  write_safetensors(folder / ShardName{"model.safetensors", number, 2}.text(), {{"w", w}},
                    {{"DCP_SHARDING_INFO", R"({"w":{"saved_offsets":)" + offsets + "}}"}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sharded)

BOOST_AUTO_TEST_CASE(names_of_shards) {
  BOOST_TEST((ShardName{"model.x.safetensors", 2, 12}.text()) == "model.x-00002-of-00012.safetensors");
  const auto parsed = parse_shard_name("model.x-00002-of-00012.safetensors");
  BOOST_TEST_REQUIRE(parsed.has_value());
  BOOST_TEST(parsed->file == "model.x.safetensors");
  BOOST_TEST(parsed->number == 2);
  BOOST_TEST(parsed->count == 12);
  for (const char* other : {"model.safetensors", "model-00003-of-00002.safetensors", "model-00000-of-00002.safetensors",
                            "-00001-of-00002.safetensors", "model-00001-of-00002.json"})
    BOOST_TEST(!parse_shard_name(other), other);
}

BOOST_AUTO_TEST_CASE(every_row_is_in_one_part) {
  for (const int count : {1, 2, 3, 5})
    for (const auto& [name, tensor] : tensors()) {
      int64_t next = 0, largest = 0;
      for (int rank = 0; rank < count; ++rank)
        if (const auto part = share(rank, count).part(tensor)) {
          BOOST_TEST(part->first_row == next, name);
          next += tensor.dim() == 0 ? 1 : part->tensor.size(0);
          const auto bytes = static_cast<int64_t>(part->tensor.nbytes());
          if (rank == 0) largest = bytes;
          BOOST_TEST(bytes <= largest);  // what the snapshot's limit looks at
        }
      BOOST_TEST(next == (tensor.dim() == 0 ? 1 : tensor.size(0)), name);
    }
  const auto apart = CheckpointShare::of({0, 1}, 1, false);
  BOOST_TEST(!apart.writes());
  BOOST_TEST(!apart.part(tensors().at("many")));
  BOOST_TEST(CheckpointShare::of({4, 6}, 4, false).leads());
  BOOST_TEST(CheckpointShare::of({4, 6}, 6, true).file_name("a.safetensors") == "a-00002-of-00002.safetensors");
  BOOST_TEST(CheckpointShare::of({4}, 4, true).file_name("a.safetensors") == "a.safetensors");
}

BOOST_AUTO_TEST_CASE(the_whole_from_shards) {
  for (const int count : {1, 2, 3, 5}) {
    const TemporaryFolder at_once, copied;
    for (int rank = 0; rank < count; ++rank) {
      FolderSink sink(at_once.path(), share(rank, count));
      sink.add({{"model.safetensors", {{"head.weight", "many"}}}}, visit_all);
      CheckpointSnapshot snapshot(1 << 20, share(rank, count));
      snapshot.add({{"model.safetensors", {{"head.weight", "many"}}}}, visit_all);
      snapshot.write(copied.path());
    }
    BOOST_TEST(std::distance(fs::directory_iterator(at_once.path()), {}) == count);
    check_whole(at_once.path());
    for (const auto& file : fs::directory_iterator(at_once.path()))
      BOOST_TEST(read_text(file.path()) == read_text(copied / file.path().filename()));
  }
}

BOOST_AUTO_TEST_CASE(the_limit_is_a_ranks) {
  const auto bytes = 7001 * 3 * 8;
  for (const int count : {1, 4})
    for (int rank = 0; rank < count; ++rank) {
      CheckpointSnapshot snapshot(bytes / 2, share(rank, count));
      snapshot.add({{"model.safetensors", {}}},
                   [](const auto& visitor) { visitor("model.safetensors", "many", tensors().at("many")); });
      BOOST_TEST(snapshot.fits() == (count == 4));
    }
}

BOOST_AUTO_TEST_CASE(what_shards_may_not_be) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::vector<std::string>& parts) {
    check_error([&] { CheckpointTensors(folder.path(), "model.safetensors"); }, parts);
  };
  const auto w = at::full({2, 3}, 1.0);
  refused({"model.safetensors", "No such file"});
  write_shard(folder.path(), 1, w, "[0,0]");
  refused({"model-00002-of-00002.safetensors is missing: there are 1 of 2 shards"});
  for (const auto& [offsets, says] : std::map<std::string, std::string>{
           {"[3,0]", "its rows of \"w\" begin with row 3, but the shards before it end at row 2"},
           {"[1,0]", "its rows of \"w\" begin with row 1, but the shards before it end at row 2"},
           {"[-1,0]", "begin with row -1"},
           {"[2,1]", "DCP_SHARDING_INFO of \"w\" does not say at which row it begins"},
           {"[2]", "DCP_SHARDING_INFO of \"w\" does not say"},
           {"[1e300,0]", "DCP_SHARDING_INFO of \"w\" does not say"},
           {"{}", "DCP_SHARDING_INFO of \"w\" does not say"},
           {"[", "DCP_SHARDING_INFO of \"w\" does not say"}}) {
    write_shard(folder.path(), 2, w, offsets);
    refused({".safetensors", says});
  }
  for (const auto& other : {at::full({2, 4}, 1.0), at::full({2, 3}, 1, at::kLong), at::full({2}, 1.0)}) {
    write_shard(folder.path(), 2, other, other.dim() == 1 ? "[2]" : "[2,0]");
    refused({"model-00002-of-00002.safetensors: \"w\" is of another type or shape than in model-00001-of-00002"});
  }
  for (const int number : {1, 2}) write_shard(folder.path(), number, at::full({}, 1.0), "[]");
  refused({"begin with row 0, but the shards before it end at row 1"});
  write_shard(folder.path(), 2, w, "[2,0]");
  check_error([&] { open_weights(folder / "model-00002-of-00002.safetensors"); }, {"is one of the shards", "export"});
  write_safetensors(folder / "model-00001-of-00003.safetensors", {{"w", w}});
  refused({"is one of 3 shards, and", "beside it is one of 2"});
}

BOOST_AUTO_TEST_SUITE_END()
