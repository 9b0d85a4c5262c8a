#include <ATen/ops/sin.h>
#include <ATen/ops/zeros.h>
#include <sys/resource.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <map>
#include <memory>
#include <string>

#include "contract.h"
#include "plugins/mpi/communicator.h"
#include "plugins/mpi/shared_file.h"

// Not anonymous: Boost makes data test cases from templates, whose lambdas capture these types.
namespace settings_test {

namespace data = boost::unit_test::data;

std::unique_ptr<mpi::Communicator> make(const mpi::CommunicatorOptions& options) {
  dl::CommunicatorContext context;
  context.timeout_s = 60;
  return std::make_unique<mpi::Communicator>(options, context);
}

// MPI is started once in a process: by this one, which outlives all others.
struct World {
  World() { communicator = make({}); }
  ~World() {
    by_setting.clear();
    communicator.reset();
  }
  static inline std::unique_ptr<mpi::Communicator> communicator;
  static inline std::map<std::string, std::unique_ptr<mpi::Communicator>> by_setting;
};

/// While alive, this process can't make files longer.
class LargestFile {
 public:
  explicit LargestFile(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~LargestFile() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

struct Setting {
  const char* name;
  mpi::CommunicatorOptions options;
};
std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.name; }

// Chunks of 4,096 bytes: the contract's long tensors take several. Two or three ranks a node: the ranks of this machine
// behave as those of several, with equal numbers of ranks or not.
const Setting kSettings[] = {{"window", {1 << 20, "on", 0}},     {"small window", {4096, "on", 0}},
                             {"mpi", {1 << 20, "off", 0}},       {"mpi in chunks", {4096, "off", 0}},
                             {"nodes of 2", {1 << 20, "on", 2}}, {"nodes of 2, small windows", {4096, "on", 2}},
                             {"nodes of 3", {4096, "on", 3}},    {"nodes of 1", {1 << 20, "on", 1}}};

}  // namespace settings_test

using namespace settings_test;  // NOLINT

BOOST_TEST_GLOBAL_FIXTURE(World);

BOOST_DATA_TEST_CASE(mpi_keeps_the_contract, data::make(kSettings) * data::make(dl::testing::all_contracts()), setting,
                     contract) {
  auto& communicator = World::by_setting[setting.name];
  if (!communicator) communicator = make(setting.options);
  BOOST_TEST(dl::testing::failure_of([&] { contract.check(*communicator, at::kCPU); }) == "");
}

BOOST_AUTO_TEST_CASE(ranks_count_within_their_node) {
  const auto communicator = make({1 << 20, "auto", 2});
  const int rank = communicator->rank(), last = communicator->size() - 1;
  BOOST_TEST(communicator->local_rank() == rank % 2);
  BOOST_TEST(communicator->local_size() == (rank == last && rank % 2 == 0 ? 1 : 2));
}

// Within a node: float32 as a loop over ranks adds, bfloat16 in float32 with one rounding.
BOOST_DATA_TEST_CASE(the_window_adds_in_rank_order, data::make({10, 1000, 50000}) * data::make({false, true}), length,
                     allocated) {
  auto& c = *World::communicator;
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const auto numbers = [&](int rank) {
      return at::sin(dl::testing::count_from(at::kCPU, 0, length, at::kFloat).mul(rank + 1.7)).to(dtype);
    };
    dl::Tensor expected = numbers(0).to(at::kFloat);
    for (int rank = 1; rank < c.size(); ++rank) expected.add_(numbers(rank).to(at::kFloat));
    dl::Tensor tensor = allocated ? c.allocate(length, dtype) : at::zeros({length}, dtype);
    tensor.copy_(numbers(c.rank()));
    c.all_reduce(tensor, dl::ReduceOp::sum, "sines");
    BOOST_TEST(dl::testing::same(tensor, expected.to(dtype)));
  }
}

// Nor does the size of its boxes; with one node or several, equal or not.
BOOST_DATA_TEST_CASE(the_window_changes_no_bit, data::make({0, 2, 3}), ranks_per_node) {
  for (const auto dtype : {at::kFloat, at::kBFloat16})
    for (const int64_t length : {10, 50000}) {
      dl::Tensor reference;
      for (const mpi::CommunicatorOptions& options : {mpi::CommunicatorOptions{1 << 20, "on", ranks_per_node},
                                                      {4096, "on", ranks_per_node},
                                                      {1 << 20, "off", ranks_per_node},
                                                      {4096, "off", ranks_per_node}}) {
        const auto communicator = make(options);
        dl::Tensor tensor =
            at::sin(dl::testing::count_from(at::kCPU, 0, length, at::kFloat).mul(communicator->rank() + 1.7)).to(dtype);
        communicator->all_reduce(tensor, dl::ReduceOp::sum, "sines");
        if (!reference.defined()) reference = tensor;
        BOOST_TEST(dl::testing::same(tensor, reference));
      }
    }
}

BOOST_AUTO_TEST_CASE(different_calls_are_refused_on_all_ranks) {
  const auto communicator = make({1 << 20, "on", 0});
  if (communicator->size() == 1) return;
  const bool odd_one = communicator->rank() == 1;
  dl::Tensor tensor = at::zeros({odd_one ? 4 : 3}, at::kFloat);
  const auto text = dl::testing::failure_of([&] { communicator->all_reduce(tensor, dl::ReduceOp::sum, "weights"); });
  BOOST_TEST(text.find("ranks went different ways: rank 0 on ") != text.npos, text);
  BOOST_TEST(text.find("all_reduce of \"weights\"") != text.npos, text);
  // From then on the ranks are out of step.
  const auto later = dl::testing::failure_of([&] { communicator->barrier("later"); });
  BOOST_TEST(later.find("barrier of \"later\" (call 2) can't be done after one that failed: ranks went") != later.npos,
             later);
}

// What a full /dev/shm does: no file may be longer than 3 MB.
BOOST_AUTO_TEST_CASE(without_room_tensors_lie_elsewhere) {
  if (World::communicator->size() == 1) return;
  const LargestFile limit(3 << 20);
  const auto communicator = make({64 << 10, "on", 0});
  dl::Tensor small = communicator->allocate(1000, at::kFloat), large = communicator->allocate(1 << 20, at::kFloat);
  for (auto* tensor : {&small, &large}) {
    tensor->fill_(1);
    communicator->all_reduce(*tensor, dl::ReduceOp::sum, "ones");
    BOOST_TEST(tensor->eq(communicator->size()).all().item<bool>());
  }
}

BOOST_AUTO_TEST_CASE(without_any_room_there_is_mpi) {
  if (World::communicator->size() == 1) return;
  const LargestFile limit(0);
  const auto text = dl::testing::failure_of([] { make({1 << 20, "on", 0}); });
  BOOST_TEST(text.find("ranks of one node can't share memory: ") != text.npos, text);
  const auto communicator = make({1 << 20, "auto", 0});
  dl::Tensor tensor = communicator->allocate(1000, at::kFloat).fill_(1);
  communicator->all_reduce(tensor, dl::ReduceOp::sum, "ones");
  BOOST_TEST(tensor.eq(communicator->size()).all().item<bool>());
}

// Tensors of a window outlive their communicator, and give their memory back.
BOOST_AUTO_TEST_CASE(memory_is_given_back) {
  auto& world = *World::communicator;
  world.barrier("before");
  const int64_t before = mpi::SharedFile::free_bytes();
  dl::Tensor kept;
  {
    const auto communicator = make({64 << 10, "auto", 0});
    kept = communicator->allocate(5 << 20, at::kFloat).fill_(3);
  }
  BOOST_TEST(kept.eq(3).all().item<bool>());
  world.barrier("taken");
  if (world.size() > 1) BOOST_TEST(mpi::SharedFile::free_bytes() < before - (15 << 20));
  world.barrier("seen");
  kept.reset();
  world.barrier("given back");
  BOOST_TEST(mpi::SharedFile::free_bytes() > before - (1 << 20));
}
