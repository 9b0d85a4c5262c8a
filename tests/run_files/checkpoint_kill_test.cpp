#include <ATen/ops/full.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <random>
#include <thread>

#include "core/checkpoint_folder.h"
#include "core/checkpoint_leftovers.h"
#include "core/checkpoint_manifest.h"
#include "core/checkpoint_removal.h"
#include "core/checkpoint_search.h"
#include "core/safetensors.h"
#include "support/temporary_folder.h"

using namespace dl::host;
namespace fs = std::filesystem;

namespace {

constexpr int kKills = 50;

/// A count that a child raises and its parent sees.
class SharedCount {
 public:
  SharedCount()
      : count_(static_cast<std::atomic<int>*>(
            ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~SharedCount() { ::munmap(count_, sizeof(std::atomic<int>)); }
  std::atomic<int>& operator*() { return *count_; }

 private:
  std::atomic<int>* count_;
};

/// Commits checkpoints one after the other, keeps `last` and the one before it, until it is killed.
[[noreturn]] void commit_for_ever(const fs::path& parent, int generation, std::atomic<int>& commits) {
  std::vector<fs::path> kept;
  for (int i = 0;; ++i) {
    auto folder = CheckpointFolder::begin(parent, "step-" + std::to_string(generation * 100'000 + i));
    for (const char* file : {"model.safetensors", "optimizer.main.safetensors"})
      write_safetensors(folder.path() / file, {{"w", at::full({20'000}, i, at::kFloat)}});
    write_text(folder.path() / "state.json", "{}");
    kept.push_back(folder.commit());
    point_to(kept.back(), "last");
    if (kept.size() > 2) {
      remove_checkpoint(kept.front());
      kept.erase(kept.begin());
    }
    ++commits;
  }
}

/// Kills the child at some moment of a round of its loop, however fast the machine is just now: after its third commit,
/// a random part of the time that one took. One time in five it is killed soon after its start.
void kill_at_random(pid_t child, std::atomic<int>& commits, std::mt19937& random) {
  using Clock = std::chrono::steady_clock;
  const double part = std::uniform_real_distribution<>(0, 1)(random);
  auto pause = std::chrono::duration<double, std::milli>(20 * part);
  if (std::uniform_int_distribution<>(0, 4)(random) > 0) {
    const auto wait_for = [&](int count) {
      const auto end = Clock::now() + std::chrono::seconds(20);
      while (commits < count && Clock::now() < end) std::this_thread::sleep_for(std::chrono::microseconds(200));
      return Clock::now();
    };
    const auto before = wait_for(2);
    pause = (wait_for(3) - before) * part;
  }
  std::this_thread::sleep_for(pause);
  BOOST_TEST_REQUIRE(::kill(child, SIGKILL) == 0);
  int status = 0;
  ::waitpid(child, &status, 0);
  BOOST_TEST_REQUIRE(WIFSIGNALED(status));
}

/// Every folder under a final name is whole.
void check_final_names(const fs::path& parent) {
  for (const auto& entry : fs::directory_iterator(parent)) {
    if (entry.path().filename().string().starts_with(".") || entry.is_symlink()) continue;
    BOOST_CHECK_NO_THROW(verify_checkpoint(entry.path()));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(killed_at_any_time_a_checkpoint_is_whole_or_absent) {
  const TemporaryFolder run;
  std::mt19937 random(7);
  SharedCount commits;
  int half_made = 0, all_commits = 0;
  bool pointed = false;
  for (int generation = 1; generation <= kKills; ++generation) {
    *commits = 0;
    const pid_t child = ::fork();
    BOOST_TEST_REQUIRE(child >= 0);
    if (child == 0) {
      try {
        commit_for_ever(run.path(), generation, *commits);
      } catch (const std::exception& e) {
        ::fprintf(stderr, "%s\n", e.what());
      }
      ::_exit(1);
    }
    kill_at_random(child, *commits, random);

    all_commits += *commits;
    check_final_names(run.path());
    pointed = pointed || fs::is_symlink(run / "last");
    if (pointed) BOOST_CHECK_NO_THROW(verify_checkpoint(run / "last"));
    half_made += static_cast<int>(remove_leftovers(run.path()).size());
    for (const auto& entry : fs::directory_iterator(run.path()))
      BOOST_TEST(!entry.path().filename().string().starts_with(".tmp-"));
    for (const auto& checkpoint : list_checkpoints(run.path()))
      if (pointed && !fs::equivalent(checkpoint, run / "last")) remove_checkpoint(checkpoint);
  }
  BOOST_TEST_MESSAGE(all_commits << " checkpoints committed, " << half_made << " half-made ones removed");
  // Else the kills came too early or too late to tell anything.
  BOOST_TEST(half_made >= kKills / 5);
  BOOST_TEST(all_commits >= kKills);
}
