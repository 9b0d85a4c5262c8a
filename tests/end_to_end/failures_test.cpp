// One rank fails: all end long before the time-out of a collective (half an hour), the cause is printed once, and
// nothing half-written has a final name.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "program.h"

using namespace end_to_end;

namespace {

/// The checkpoint of the first epoch is whole, and no temporary one has a final name.
void check_what_is_left(const std::filesystem::path& run) {
  for (const auto& entry : std::filesystem::directory_iterator(run / "checkpoints")) {
    if (entry.path().filename().string().starts_with(".tmp-")) continue;
    BOOST_TEST(std::filesystem::exists(entry.path() / "manifest.json"), entry.path());
  }
  BOOST_TEST(std::filesystem::exists(run / "checkpoints/last/model.safetensors"));
}

std::string status_of(const std::filesystem::path& run) {
  std::ifstream file(run / "run.json");
  return nlohmann::json::parse(file)["status"];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failures)

BOOST_AUTO_TEST_CASE(an_exception_on_one_rank) {
  for (const int rank : {0, 1, 2}) {
    const Scratch scratch;
    scratch.write("c.toml", faulty_config(rank, "throw"));
    const auto result = dlhost(scratch.path(), "c.toml --run-dir r --set data.batch_size=8", 3);
    BOOST_TEST(result.code == 1);
    BOOST_TEST(result.seconds < time_limit(60));
    BOOST_TEST(result.count("the faulty task fails as asked") == 1, result.output);
    BOOST_TEST(
        result.says("rank " + std::to_string(rank) + ": training, epoch 2, step 20: the faulty task fails as asked"),
        result.output);
    check_what_is_left(scratch.path() / "r");
    if (rank == 0) BOOST_TEST(status_of(scratch.path() / "r") == "failed");  // another rank's failure kills rank 0
  }
}

BOOST_AUTO_TEST_CASE(an_exception_alone) {
  const Scratch scratch;
  scratch.write("c.toml", faulty_config(0, "throw"));
  const auto result = dlhost(scratch.path(), "c.toml --run-dir r");
  BOOST_TEST(result.code == 1);
  BOOST_TEST(result.says("error: training, epoch 2, step 20: the faulty task fails as asked"), result.output);
  BOOST_TEST(status_of(scratch.path() / "r") == "failed");
  check_what_is_left(scratch.path() / "r");
}

BOOST_AUTO_TEST_CASE(an_exception_in_the_evaluation) {
  const Scratch scratch;
  scratch.write("c.toml", faulty_config(1, "eval"));
  const auto result =
      dlhost(scratch.path(), "c.toml --run-dir r --set data.batch_size=12 --set train.sanity_val_batches=0", 2);
  BOOST_TEST(result.code == 1);
  BOOST_TEST(result.seconds < time_limit(60));
  BOOST_TEST(result.says("rank 1: validation, epoch 2, step 16: the evaluation fails as asked"), result.output);
}

BOOST_AUTO_TEST_CASE(a_killed_rank) {
  for (const int rank : {0, 1}) {
    const Scratch scratch;
    scratch.write("c.toml", faulty_config(rank, "kill"));
    const auto result = dlhost(scratch.path(), "c.toml --run-dir r --set data.batch_size=8", 3);
    BOOST_TEST(result.code != 0);
    BOOST_TEST(result.seconds < time_limit(60));
    BOOST_TEST(result.count("exited on signal 9") == 1, result.output);
    check_what_is_left(scratch.path() / "r");
  }
}

BOOST_AUTO_TEST_SUITE_END()
