// Optimizer states and pieces of parameters that lie in a file.
#include <ATen/ops/full.h>

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "dl/error.h"
#include "support/temporary_folder.h"
#include "unit_training.h"

namespace data = boost::unit_test::data;
using namespace dl::testing;  // NOLINT: the subject of this file

BOOST_TEST_GLOBAL_FIXTURE(World);

namespace {

/// The part of memory that is mapped from files in `folder`.
struct Mapped {
  explicit Mapped(const TemporaryFolder& folder) {
    const auto name = folder.path().filename().string();
    std::ifstream maps("/proc/self/smaps");
    bool here = false;
    for (std::string line; std::getline(maps, line);) {
      std::istringstream words(line);
      std::string key;
      words >> key;
      if (const auto dash = key.find('-'); dash != std::string::npos) {
        here = line.find(name) != std::string::npos;
        if (here) ranges.emplace_back(std::stoull(key, nullptr, 16), std::stoull(key.substr(dash + 1), nullptr, 16));
      }
      if (size_t kilobytes = 0; here && key == "Rss:" && words >> kilobytes) held += kilobytes * 1024;
    }
  }
  bool has(const dl::Tensor& tensor) const {
    const auto address = reinterpret_cast<uintptr_t>(tensor.const_data_ptr());
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const auto& range) { return range.first <= address && address < range.second; });
  }
  size_t held = 0;  ///< bytes that are in this process's memory
  std::vector<std::pair<uintptr_t, uintptr_t>> ranges;
};

size_t held_of(const TemporaryFolder& folder) { return Mapped(folder).held; }

auto says(const std::string& words) {
  return [words](const dl::Error& error) { return std::string(error.what()).find(words) != std::string::npos; };
}

/// What reading `offload_parameters = "/fast"` as the options of `Backend` complains about.
template <class Backend>
std::string complaints() {
  dl::Problems problems;
  Backend::schema().read(dl::Value(dl::Value::Table{{"offload_parameters", dl::Value("/fast"), {}}}),
                         "engine.backend.params", problems);
  return problems.text();
}

}  // namespace

BOOST_AUTO_TEST_CASE(pages_go_and_come_back) {
  const TemporaryFolder folder;
  parallel::OffloadFile file(folder.path().string());
  constexpr int64_t kElements = 3 << 20;
  const auto a = file.zeros(kElements, at::kFloat), b = file.zeros(65, at::kDouble);
  BOOST_TEST(a.sum().item<double>() == 0);
  a.fill_(2);
  b.fill_(3);
  BOOST_TEST(held_of(folder) >= a.nbytes());
  file.let_go();
  BOOST_TEST(held_of(folder) == 0U);
  BOOST_TEST(a.sum().item<double>() == 2.0 * kElements);
  BOOST_TEST(b.sum().item<double>() == 3.0 * 65);
}

/// More than is mapped at once, which is 256 MiB.
BOOST_AUTO_TEST_CASE(a_file_has_several_windows) {
  if (World::communicator().rank() > 0) return;
  const TemporaryFolder folder;
  parallel::OffloadFile file(folder.path().string());
  const auto small = file.zeros(5, at::kByte), large = file.zeros((int64_t{1} << 28) + 1, at::kByte);
  const auto after = file.zeros(7, at::kByte);
  small.fill_(1);
  after.fill_(3);
  large.narrow(0, 0, 1).fill_(2);
  large.narrow(0, large.numel() - 1, 1).fill_(4);
  file.let_go();
  BOOST_TEST(held_of(folder) == 0U);
  BOOST_TEST(small.sum().item<int64_t>() == 5);
  BOOST_TEST(after.sum().item<int64_t>() == 21);
  BOOST_TEST((large[0].item<int>() == 2 && large[1].item<int>() == 0 && large[-1].item<int>() == 4));
}

BOOST_DATA_TEST_CASE(states_may_lie_in_a_file, data::make({0, 1, 2, 3}), stage) {
  const TemporaryFolder folder;
  Trained reference({stage}), cut({.stage = stage, .offload_optimizer = folder.path().string()});
  for (int i = 0; i < 4; ++i) {
    reference.step();
    cut.step();
    BOOST_TEST(held_of(folder) == 0U);
  }
  check_same(cut.visited(), reference.visited(), 0);
  BOOST_TEST(held_of(folder) == 0U);
  BOOST_TEST(std::filesystem::is_empty(folder.path()));  // the file has no name
  BOOST_CHECK_EXCEPTION(make({.stage = stage, .offload_optimizer = "/nowhere"}), dl::Error,
                        says("can be made in /nowhere: No such file"));
}

/// Alone and beside the states; accumulated, evaluated, saved and loaded.
BOOST_DATA_TEST_CASE(parameters_may_lie_in_a_file,
                     data::make({false, true}) * data::make({false, true}) * data::make({false, true}), overlap,
                     checkpointing, states) {
  const TemporaryFolder folder;
  const auto path = folder.path().string();
  Trained reference({.stage = 3, .overlap = overlap, .checkpointing = checkpointing});
  Trained cut({.stage = 3,
               .overlap = overlap,
               .checkpointing = checkpointing,
               .offload_optimizer = states ? path : "",
               .offload_parameters = path});
  const auto check = [&] {
    BOOST_TEST(held_of(folder) == 0U);
    const auto found = cut.visited();
    BOOST_TEST(held_of(folder) == 0U);
    check_same(found, reference.visited(), 0);
  };
  check();
  for (int i = 0; i < 4; ++i) {
    reference.network->use_spare = cut.network->use_spare = i > 1;
    reference.step(2);
    cut.step(2);
    check();
  }
  {
    const at::NoGradGuard no_grad;
    BOOST_TEST(at::equal(cut.loss({0, kRows}), reference.loss({0, kRows})));
    BOOST_TEST(held_of(folder) == 0U);
  }
  for (auto* trained : {&cut, &reference})
    trained->backend->visit("main", true, true, [&](const dl::NetworkEntry&, dl::Tensor& whole) {
      if (whole.is_floating_point()) whole.mul_(0.75);
    });
  check();
  reference.step();
  cut.step();
  check();
  BOOST_TEST(std::filesystem::is_empty(folder.path()));
}

/// What is in no unit, or is shared with such, stays in memory.
BOOST_AUTO_TEST_CASE(pieces_of_units_are_in_the_file) {
  const TemporaryFolder folder;
  Trained cut({.stage = 3, .offload_parameters = folder.path().string()});
  const Mapped mapped(folder);
  for (const auto& param : cut.backend->params("main")) {
    const bool whole = param.name.rfind("stem.", 0) == 0 || param.name == "tied" || param.name == "shared.a.weight";
    BOOST_TEST(mapped.has(param.value) == !whole, param.name);
    param.value.sum();
  }
  BOOST_TEST(held_of(folder) > 0U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_offloaded_is_refused) {
  const std::string refusal =
      "\"offload_parameters\" must be left out with this backend, which holds parameters whole: use stage 3";
  BOOST_TEST(complaints<parallel::DDP>().find(refusal) != std::string::npos);
  BOOST_TEST(complaints<parallel::ZeRO1>().find(refusal) != std::string::npos);
  BOOST_TEST(complaints<parallel::ZeRO2>().find(refusal) != std::string::npos);
  BOOST_TEST(complaints<parallel::ZeRO3>().empty());

  const TemporaryFolder folder;
  const auto backend = make({.stage = 3, .offload_parameters = folder.path().string()});
  backend->build("main");
  Dense dense(3, 3, 1);
  BOOST_CHECK_EXCEPTION(backend->attach("main", dense), dl::Error,
                        says("offload_parameters: the network \"main\" has no units"));
  BOOST_CHECK_EXCEPTION(make({.stage = 3, .offload_parameters = "/nowhere"}), dl::Error,
                        says("can be made in /nowhere: No such file"));
  const parallel::DDPOptions offloaded{25, "same", false, "/tmp", "/tmp"};
  BOOST_CHECK_EXCEPTION(offloaded.state_file(at::kCUDA), dl::Error, says("offload_optimizer works on the CPU only"));
  BOOST_CHECK_EXCEPTION(offloaded.parameter_file(at::kCUDA), dl::Error,
                        says("offload_parameters works on the CPU only"));
}
