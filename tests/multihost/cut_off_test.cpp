// A host that can't be reached any more, in the middle of a training.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cmath>
#include <thread>
#include <tuple>

#include "hosts.h"
#include "support/temporary_folder.h"

using namespace multihost;
using Clock = std::chrono::steady_clock;
using end_to_end::journal;

namespace {

constexpr double kTimeout_s = 3;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Waits until `holds`; the seconds that took, or `limit` and an error of the test.
template <class Condition>
double wait_until(double limit, const std::string& what, Condition holds) {
  const auto begin = Clock::now();
  while (!holds())
    if (since(begin) > limit) {
      BOOST_ERROR("not within " << limit << " s: " << what);
      return limit;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  return since(begin);
}

/// A training that goes on until one host is cut off after a checkpoint.
struct Cut {
  Cut(const std::vector<int>& ranks_on, int host, const std::string& options) : ranks(0) {
    int hosts = 0;
    for (const int count : ranks_on) {
      ranks += count;
      hosts += count > 0 ? 1 : 0;
    }
    scratch.write("c.toml", config());
    must("(cd '" + scratch.path().string() + "'; " + options + " " +
         command(ranks_on,
                 "c.toml --run-dir r --set train.num_epochs=1000000 --set engine.num_nodes=" + std::to_string(hosts) +
                     " --set train.val_every_n_epoch=0 --set engine.timeout_s=3 --set checkpoint.every_n_steps=20 " +
                     "--set data.batch_size=" + std::to_string(24 / ranks)) +
         "; echo $? > mpirun) > '" + (scratch / "output").string() + "' 2>&1 </dev/null & true");
    wait_until(60, "40 steps", [&] { return journal_is_at(40); });
    must("ip -n $DL_HOSTS-" + std::to_string(host) + " link set net0 down");
    cut = Clock::now();
    for (int i = 1; i <= static_cast<int>(ranks_on.size()); ++i)
      wait_until(kTimeout_s + 12 - since(cut), "ranks on host " + std::to_string(i) + " end",
                 [&] { return processes(i) == 0; });
    ended_s = since(cut);
    must("ip -n $DL_HOSTS-" + std::to_string(host) + " link set net0 up");
  }
  ~Cut() {
    for (const int host : {1, 2, 3})
      end_to_end::shell("/", "kill -KILL $(ip netns pids $DL_HOSTS-" + std::to_string(host) + ") 2>/dev/null");
  }
  bool journal_is_at(long step) const {
    const auto lines = read_text(scratch / "r/metrics.jsonl");
    return lines.find("\"step\":" + std::to_string(step) + ",") != lines.npos;
  }
  std::string said_by(int rank) const { return read_text(scratch / ("err." + std::to_string(rank))); }

  end_to_end::Scratch scratch;
  int ranks;
  Clock::time_point cut;
  double ended_s = 0;
};

bool says(const std::string& text, const std::vector<std::string>& parts) {
  for (const auto& part : parts)
    if (text.find(part) == text.npos) {
      BOOST_TEST_MESSAGE("no \"" << part << "\" in: " << text);
      return false;
    }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cut_off)

BOOST_AUTO_TEST_CASE(every_rank_ends_and_names_the_host_and_the_other_host_goes_on) {
  Cut run({2, 2}, 2, "");
  BOOST_TEST_MESSAGE("all ranks ended " << run.ended_s << " s after the cut, with a time-out of 3 s");
  // Whichever of a host's ranks waits for the other host speaks.
  for (const auto& [text, host, other, ranks] : {std::tuple{run.said_by(0) + run.said_by(1), "host1", "host2", "2, 3"},
                                                 std::tuple{run.said_by(2) + run.said_by(3), "host2", "host1", "0, 1"}})
    BOOST_TEST(says(
        text, {": training, epoch ", ", step ", std::string(" on ") + host + ": ", " of \"", " (call ",
               " was waited for 3.", " s, in vain: ",
               std::string(" on ") + other + " has not come and does not answer (ranks " + ranks + " are there)"}));
  for (int rank = 0; rank < run.ranks; ++rank) {
    const auto code = read_text(run.scratch / ("exit." + std::to_string(rank)));
    BOOST_TEST(code != "0\n");
  }

  // The run goes on with the ranks of the host that is left, and is the run that it would have been.
  const auto resumed = multihost::run(run.scratch.path(), {0, 2},
                                      "c.toml --run-dir r --resume auto --set train.num_epochs=1000000 --set "
                                      "train.max_steps=100 --set engine.num_nodes=1 --set data.batch_size=12",
                                      2);
  BOOST_REQUIRE_MESSAGE(resumed.code == 0, resumed.output);
  BOOST_TEST(resumed.says("resumed from "), resumed.output);
  const auto whole = multihost::run(run.scratch.path(), {4},
                                    "c.toml --run-dir whole --set train.num_epochs=1000000 --set train.max_steps=100 "
                                    "--set engine.num_nodes=1 --set data.batch_size=6");
  BOOST_REQUIRE_MESSAGE(whole.code == 0, whole.output);
  const auto losses = journal(run.scratch / "r", "train_loss"), expected = journal(run.scratch / "whole", "train_loss");
  BOOST_REQUIRE(losses.size() >= 100U);
  for (const auto& [step, loss] : expected) BOOST_TEST(std::abs(losses.at(step) - loss) <= 1e-10);
}

/// Those who wait for the missing host, too, are not taken for missing.
BOOST_AUTO_TEST_CASE(of_three_hosts_the_missing_one_is_named) {
  const Cut run({1, 1, 1}, 3, "");
  for (const int rank : {0, 1}) {
    const auto text = run.said_by(rank);
    if (text.empty()) continue;  // rank 0 ended it before it could speak
    BOOST_TEST(says(text, {"in vain: rank 2 on host3 has not come and does not answer"}));
    BOOST_TEST(text.find("on host" + std::to_string(2 - rank) + " has not come") == text.npos, text);
  }
  BOOST_TEST(!run.said_by(0).empty());
}

/// mpirun itself waits for a quarter of an hour by default, but can be told not to.
BOOST_AUTO_TEST_CASE(mpirun_ends_too) {
  const Cut run(
      {2, 2}, 2,
      "OMPI_MCA_oob_tcp_keepalive_time=1 OMPI_MCA_oob_tcp_keepalive_intvl=1 OMPI_MCA_oob_tcp_keepalive_probes=1");
  wait_until(20, "mpirun ends", [&] { return std::filesystem::exists(run.scratch / "mpirun"); });
  BOOST_TEST(read_text(run.scratch / "mpirun") != "0\n");
  const auto output = read_text(run.scratch / "output");
  BOOST_TEST(says(output, {"ORTE has lost communication with a remote daemon", "10.99.0.12"}));
}

BOOST_AUTO_TEST_SUITE_END()
