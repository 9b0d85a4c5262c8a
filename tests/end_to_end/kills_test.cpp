// kill -9 at random moments, of which many fall into the writing of a checkpoint, then --resume auto: the same run.
// DL_KILLS says how often; 4 where it doesn't.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "core/checkpoint_manifest.h"
#include "core/checkpoint_search.h"
#include "program.h"

using namespace end_to_end;
namespace fs = std::filesystem;

namespace {

/// A program of its own, its output in a file.
class Child {
 public:
  Child(const fs::path& folder, const std::string& command, const fs::path& output) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    const auto line =
        "cd '" + folder.string() + "' && exec " + command + " >> '" + output.string() + "' 2>&1 </dev/null";
    ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
    ::_exit(127);
  }
  /// The exit code once it has ended; -1 before, 128 + signal after a signal.
  int poll() {
    int status = 0;
    if (code_ < 0 && ::waitpid(pid_, &status, WNOHANG) == pid_)
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return code_;
  }
  int wait() {
    while (poll() < 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return code_;
  }
  /// mpirun's ranks, or the program itself where it has no children.
  std::vector<pid_t> ranks() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/task/" + std::to_string(pid_) + "/children");
    std::vector<pid_t> found;
    for (pid_t pid; file >> pid;) found.push_back(pid);
    return found.empty() ? std::vector<pid_t>{pid_} : found;
  }

 private:
  pid_t pid_ = -1;
  int code_ = -1;
};

int wanted_kills() {
  const char* wanted = std::getenv("DL_KILLS");
  return wanted ? std::atoi(wanted) : 4;
}

/// Every logged loss with its step, in the journal's order; the last line may be half written.
std::vector<std::pair<long, double>> losses_of(const fs::path& run) {
  std::vector<std::pair<long, double>> losses;
  std::ifstream file(run / "metrics.jsonl");
  for (std::string line; std::getline(file, line);) {
    const auto event = nlohmann::json::parse(line, nullptr, false);
    if (event.is_object() && event.contains("metrics") && event["metrics"].contains("train_loss"))
      losses.emplace_back(event["step"].get<long>(), event["metrics"]["train_loss"].get<double>());
  }
  return losses;
}

bool writes_a_checkpoint(const fs::path& run) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(run / "checkpoints", ignored))
    if (entry.path().filename().string().starts_with(".tmp-step")) return true;
  return false;
}

/// Waits for some progress; half of the kills then wait until a checkpoint is being written. False: it has ended.
bool wait_for_the_moment(Child& child, const fs::path& run, int number, std::mt19937& random) {
  const auto start = std::chrono::steady_clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  const auto lines = [&] { return losses_of(run).size(); };
  const auto before = lines();
  const auto wanted = before + std::uniform_int_distribution<size_t>(1, 12)(random);
  const bool writing = number % 2 == 0;
  while (passed() < 60) {
    if (child.poll() >= 0) return false;
    if (lines() >= wanted && (!writing || writes_a_checkpoint(run))) return true;
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
  BOOST_FAIL("no progress");
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kills)

BOOST_AUTO_TEST_CASE(the_losses_of_an_uninterrupted_run) {
  std::mt19937 random(static_cast<unsigned>(wanted_kills()));
  for (const auto& [ranks, background, sharded] : std::vector<std::tuple<int, bool, bool>>{
           {0, false, false}, {0, true, false}, {2, true, false}, {2, true, true}}) {
    BOOST_TEST_CONTEXT(ranks << " ranks, background " << background << ", sharded " << sharded) {
      const Scratch scratch;
      scratch.write("c.toml", small_config());
      const std::string arguments =
          "c.toml --set checkpoint.every_n_steps=3 --set train.num_epochs=8 --set train.sanity_val_batches=0 --set "
          "train.val_every_n_epoch=4 --set 'model.optimizer={type=\"torch.AdamW\", params={lr=0.01}}' --set "
          "model.network.params.num_channels=1 --set checkpoint.background=" +
          std::string(background ? "true" : "false") + (sharded ? " --set checkpoint.sharded=true" : "") +
          (ranks ? " --set data.batch_size=12" : "");
      const auto whole = dlhost(scratch.path(), arguments + " --run-dir whole", ranks);
      BOOST_REQUIRE_MESSAGE(whole.code == 0, whole.output);
      const auto expected = journal(scratch.path() / "whole", "train_loss");
      BOOST_TEST_REQUIRE(expected.size() == 128U);

      const auto run = scratch.path() / "r";
      int done = 0, during_a_write = 0;
      for (int starts = 0; true; ++starts) {
        BOOST_TEST_REQUIRE(starts < 4 * wanted_kills() + 20);
        const std::string mpirun = ranks ? "mpirun --oversubscribe -n " + std::to_string(ranks) + " " : "";
        Child child(scratch.path(), mpirun + DLHOST + " " + arguments + " --run-dir r --resume auto",
                    scratch.path() / "output");
        const bool running = done < wanted_kills() && wait_for_the_moment(child, run, starts, random);
        if (running) {
          during_a_write += writes_a_checkpoint(run);
          const auto pids = child.ranks();
          ::kill(pids[std::uniform_int_distribution<size_t>(0, pids.size() - 1)(random)], SIGKILL);
          ++done;
        }
        const int code = child.wait();
        for (const auto& checkpoint : dl::host::list_checkpoints(run / "checkpoints"))
          BOOST_CHECK_NO_THROW(dl::host::verify_checkpoint(checkpoint));
        if (code != 0) {
          BOOST_TEST_REQUIRE(running, "ended with " << code << "\n" << read_text(scratch.path() / "output"));
          continue;
        }
        if (done >= wanted_kills()) break;
        fs::remove_all(run);  // it was faster than the kill: from the beginning
      }
      BOOST_TEST_MESSAGE(done << " kills, " << during_a_write << " of them while a checkpoint was written");
      BOOST_TEST(during_a_write > 0);
      BOOST_TEST((journal(run, "train_loss") == expected));
      // What was trained twice gave the same twice: of each step, every line in the journal.
      for (const auto& [step, loss] : losses_of(run)) BOOST_TEST(loss == expected.at(step), "step " << step);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
