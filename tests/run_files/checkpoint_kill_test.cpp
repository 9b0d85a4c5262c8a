#include <ATen/ops/full.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <random>
#include <thread>

#include "core/checkpoint_folder.h"
#include "core/checkpoint_leftovers.h"
#include "core/checkpoint_manifest.h"
#include "core/checkpoint_removal.h"
#include "core/safetensors.h"
#include "temporary_folder.h"

using namespace dl::host;
namespace fs = std::filesystem;

namespace {

constexpr int kKills = 50;

/// Commits checkpoints one after the other, keeps `last` and the one before it, until it is killed.
[[noreturn]] void commit_for_ever(const fs::path& parent, int generation) {
  std::vector<fs::path> kept;
  for (int i = 0;; ++i) {
    auto folder = CheckpointFolder::begin(parent, "step-" + std::to_string(generation * 100'000 + i));
    for (const char* file : {"model.safetensors", "optimizer.main.safetensors"})
      write_safetensors(folder.path() / file, {{"w", at::full({20'000}, i, at::kFloat)}});
    write_text(folder.path() / "state.json", "{}");
    kept.push_back(folder.commit());
    point_last_to(kept.back());
    if (kept.size() > 2) {
      remove_checkpoint(kept.front());
      kept.erase(kept.begin());
    }
  }
}

/// Every folder under a final name is whole; returns how many there are.
int check_final_names(const fs::path& parent) {
  int whole = 0;
  for (const auto& entry : fs::directory_iterator(parent)) {
    if (entry.path().filename().string().starts_with(".") || entry.is_symlink()) continue;
    BOOST_CHECK_NO_THROW(verify_checkpoint(entry.path()));
    ++whole;
  }
  return whole;
}

}  // namespace

BOOST_AUTO_TEST_CASE(killed_at_any_time_a_checkpoint_is_whole_or_absent) {
  const TemporaryFolder run;
  std::mt19937 random(7);
  int half_made = 0, commits = 0;
  bool pointed = false;
  for (int generation = 1; generation <= kKills; ++generation) {
    const pid_t child = ::fork();
    BOOST_TEST_REQUIRE(child >= 0);
    if (child == 0) {
      try {
        commit_for_ever(run.path(), generation);
      } catch (const std::exception& e) {
        ::fprintf(stderr, "%s\n", e.what());
      }
      ::_exit(1);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution<>(5'000, 60'000)(random)));
    BOOST_TEST_REQUIRE(::kill(child, SIGKILL) == 0);
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST_REQUIRE(WIFSIGNALED(status));

    commits += check_final_names(run.path());
    pointed = pointed || fs::is_symlink(run / "last");
    if (pointed) BOOST_CHECK_NO_THROW(verify_checkpoint(run / "last"));
    half_made += static_cast<int>(remove_leftovers(run.path()).size());
    for (const auto& entry : fs::directory_iterator(run.path())) {
      BOOST_TEST(!entry.path().filename().string().starts_with(".tmp-"));
      if (!entry.is_symlink() && entry.is_directory() && entry.path().filename() != fs::read_symlink(run / "last"))
        remove_checkpoint(entry.path());
    }
  }
  BOOST_TEST_MESSAGE(commits << " whole checkpoints seen, " << half_made << " half-made ones removed");
  // Else the kills came too early or too late to tell anything.
  BOOST_TEST(half_made >= kKills / 5);
  BOOST_TEST(commits >= kKills);
}
