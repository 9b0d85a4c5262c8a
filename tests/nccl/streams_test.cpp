// The communicator on a device that the CPU plays, with a stand-in for NCCL: the contract, and the order of streams.
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <sstream>
#include <thread>

#include "communicator/contract.h"
#include "dl/error.h"
#include "plugins/nccl/stream_communicator.h"
#include "stand_in.h"
#include "support/fake_gpu.h"

// Not anonymous: Boost makes data test cases from templates, whose lambdas capture these types.
namespace streams_test {

namespace data = boost::unit_test::data;
using dl::testing::FakeGpu;
using dl::testing::ThreadCommunicator;
using dl::testing::ThreadGroup;
using nccl::StreamCommunicator;
using nccl::testing::StandIn;
using Log = std::vector<std::string>;

/// One rank.
struct Alone {
  explicit Alone(double timeout_s = 60)
      : control(std::make_shared<ThreadGroup>(1), 0),
        stand_in(new StandIn(std::make_shared<ThreadGroup>(1), 0)),
        communicator(control, FakeGpu::device(), std::unique_ptr<nccl::Transport>(stand_in), timeout_s) {
    FakeGpu::log();
  }
  ThreadCommunicator control;
  StandIn* stand_in;
  StreamCommunicator communicator;
};

/// A log with events numbered from 1 and the communicator's stream called C.
Log plain(const Log& log, c10::StreamId stream) {
  std::vector<std::string> seen;
  const auto event = [&](const std::string& name) {
    auto found = std::find(seen.begin(), seen.end(), name);
    if (found == seen.end()) found = seen.insert(seen.end(), name);
    return std::to_string(found - seen.begin() + 1);
  };
  const auto place = [&](const std::string& id) { return id == std::to_string(stream) ? std::string("C") : id; };
  Log out;
  for (const auto& line : log) {
    std::istringstream words(line);
    std::string verb, first, preposition, second;
    words >> verb >> first >> preposition >> second;
    if (verb == "record")
      out.push_back("record " + event(first) + " on " + place(second));
    else if (verb == "block")
      out.push_back("block " + place(first) + " by " + event(second));
    else if (verb == "use")
      out.push_back("use on " + place(preposition));
    else
      out.push_back(verb + " " + first + " " + (first == "for" ? place(preposition) : preposition));
  }
  return out;
}

}  // namespace streams_test

using namespace streams_test;  // NOLINT

BOOST_DATA_TEST_CASE(it_keeps_the_contract, data::make(dl::testing::all_contracts()) * data::xrange(1, 5), contract,
                     size) {
  const auto device = FakeGpu::device();
  const auto moving = std::make_shared<ThreadGroup>(size, 20);
  BOOST_TEST(dl::testing::failure_of([&] {
               ThreadGroup::run(size, [&](dl::Communicator& control) {
                 StreamCommunicator communicator(control, device, std::make_unique<StandIn>(moving, control.rank()),
                                                 60);
                 contract.check(communicator, device);
               });
             }) == "");
}

BOOST_AUTO_TEST_CASE(a_call_comes_after_and_before_what_the_current_stream_does) {
  Alone alone;
  auto tensor = at::ones({5}, at::device(FakeGpu::device()).dtype(at::kFloat));
  FakeGpu::log();
  alone.communicator.all_reduce(tensor, dl::ReduceOp::sum, "numbers");
  const auto stream = alone.stand_in->streams.at(0);
  BOOST_TEST(stream != 0);
  const Log expected{"record 1 on 0", "block C by 1", "record 2 on C", "block 0 by 2", "use on C"};
  BOOST_TEST(plain(FakeGpu::log(), stream) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_started_is_waited_for_only_by_wait) {
  Alone alone;
  auto tensor = at::ones({5}, at::device(FakeGpu::device()).dtype(at::kFloat));
  FakeGpu::log();
  const auto work =
      alone.communicator.start([&] { alone.communicator.all_reduce(tensor, dl::ReduceOp::sum, "numbers"); });
  const auto stream = alone.stand_in->streams.at(0);
  // Event 2 is the watchdog's.
  const Log started{"record 1 on 0", "block C by 1", "record 2 on C", "use on C", "record 3 on C"};
  const auto log = FakeGpu::log();
  BOOST_TEST(plain(log, stream) == started, boost::test_tools::per_element());
  work->wait();
  const auto waited = FakeGpu::log();
  BOOST_REQUIRE(waited.size() == 1);
  BOOST_TEST(waited[0] == "block 0 by " + log.back().substr(7, log.back().find(" on") - 7));
}

BOOST_AUTO_TEST_CASE(started_on_another_stream_it_follows_that_one) {
  Alone alone;
  const auto device = FakeGpu::device();
  const auto other = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
  const c10::StreamGuard on(other);
  FakeGpu::log();
  const auto work = alone.communicator.start([] {});
  BOOST_TEST(FakeGpu::log().at(0).find(" on " + std::to_string(other.id())) != std::string::npos);
  work->wait();
  BOOST_TEST(FakeGpu::log().at(0).find("block " + std::to_string(other.id()) + " by ") == 0U);
}

BOOST_AUTO_TEST_CASE(work_that_nobody_waits_for_keeps_its_memory_until_it_is_done) {
  Alone alone;
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = held;
  auto work = alone.communicator.start([held = std::move(held)] {});
  BOOST_TEST(!watch.expired());
  FakeGpu::log();
  work.reset();
  BOOST_TEST(FakeGpu::log().at(0).find("wait for event ") == 0U);
  BOOST_TEST(watch.expired());
}

BOOST_AUTO_TEST_CASE(a_barrier_waits_on_the_cpu) {
  Alone alone;
  alone.communicator.barrier("end");
  BOOST_TEST(FakeGpu::log().back() == "wait for " + std::to_string(alone.stand_in->streams.at(0)));
}

BOOST_AUTO_TEST_CASE(tensors_of_the_cpu_are_refused) {
  Alone alone;
  auto tensor = at::zeros({3}, at::kFloat);
  BOOST_CHECK_EXCEPTION(alone.communicator.broadcast(tensor, 0, "weights"), dl::Error, [](const dl::Error& error) {
    return error.what() ==
           "broadcast of \"weights\": the tensor is on cpu, this rank's communicator takes tensors on " +
               FakeGpu::device().str() + " only";
  });
}

// The device never finishes: the watchdog names the call, ends the transport and, through the control communicator, all
// ranks; what comes later is refused.
BOOST_AUTO_TEST_CASE(what_hangs_is_ended) {
  Alone alone(0.1);
  auto tensor = at::ones({5}, at::device(FakeGpu::device()).dtype(at::kFloat));
  FakeGpu::hang(true);
  alone.communicator.all_reduce(tensor, dl::ReduceOp::sum, "gradients");
  std::string text;
  for (int i = 0; i < 100 && text.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    text = dl::testing::failure_of([&] { alone.control.barrier("of the control communicator"); });
  }
  FakeGpu::hang(false);
  BOOST_TEST(text.find("rank 0 aborted with code 1") != text.npos, text);
  BOOST_TEST(alone.stand_in->aborted);
  text = dl::testing::failure_of([&] { alone.communicator.all_reduce(tensor, dl::ReduceOp::sum, "later"); });
  BOOST_TEST(
      text.find("rank 0 on thread: all_reduce of \"later\" (call 2) can't be done after one that failed: rank 0 on "
                "thread: all_reduce of \"gradients\" (call 1) has not finished after 0.1") == 0,
      text);
}

BOOST_AUTO_TEST_CASE(ranks_that_differ_are_told_so) {
  const auto device = FakeGpu::device();
  const auto moving = std::make_shared<ThreadGroup>(2, 20);
  const auto text = dl::testing::failure_of([&] {
    ThreadGroup::run(2, [&](dl::Communicator& control) {
      StreamCommunicator communicator(control, device, std::make_unique<StandIn>(moving, control.rank()), 60);
      auto tensor = at::ones({control.rank() + 1}, at::device(device).dtype(at::kFloat));
      communicator.all_reduce(tensor, dl::ReduceOp::sum, "numbers");
    });
  });
  BOOST_TEST(text.find("all_reduce of \"numbers\" (call 1) failed: ranks differ: ") != text.npos, text);
}
