#include "plugins/nccl/bootstrap.h"

#include <ATen/ops/zeros.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <mutex>
#include <set>

#include "communicator/contract.h"
#include "dl/error.h"
#include "plugins/nccl/rows.h"
#include "support/thread_communicator.h"

using dl::testing::ThreadGroup;

namespace {

using Id = std::array<char, 128>;

void count_up(std::span<char> id) {
  for (size_t i = 0; i < id.size(); ++i) id[i] = static_cast<char>(i);
}

// What each rank's `body` throws; "" where nothing.
std::vector<std::string> texts(int size, const std::function<void(dl::Communicator&)>& body) {
  std::vector<std::string> all(static_cast<size_t>(size));
  ThreadGroup::run(size, [&](dl::Communicator& control) {
    try {
      body(control);
    } catch (const dl::Error& error) {
      all[static_cast<size_t>(control.rank())] = error.what();
    }
  });
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(all_ranks_have_rank_0s_id) {
  for (const int size : {1, 3}) {
    const auto all = texts(size, [](dl::Communicator& control) {
      Id id{}, expected{};
      count_up(expected);
      nccl::share_id(control, "", id, [&](std::span<char> made) {
        if (control.rank() != 0) throw dl::Error("made on another rank than 0");
        count_up(made);
      });
      if (id != expected) throw dl::Error("another id");
    });
    for (const auto& text : all) BOOST_TEST(text == "");
  }
}

BOOST_AUTO_TEST_CASE(what_keeps_one_rank_is_told_to_all) {
  const auto all = texts(3, [](dl::Communicator& control) {
    Id id{};
    nccl::share_id(control, control.rank() == 1 ? "no GPU was found" : "", id, count_up);
  });
  for (const auto& text : all) BOOST_TEST(text == "rank 1 on thread: no GPU was found");
}

BOOST_AUTO_TEST_CASE(each_rank_says_what_keeps_itself) {
  const auto all = texts(2, [](dl::Communicator& control) {
    Id id{};
    nccl::share_id(control, "problem " + std::to_string(control.rank()), id, count_up);
  });
  BOOST_TEST(all[0] == "rank 0 on thread: problem 0");
  BOOST_TEST(all[1] == "rank 1 on thread: problem 1");
}

BOOST_AUTO_TEST_CASE(an_id_that_can_not_be_made_ends_all_ranks) {
  const auto all = texts(2, [](dl::Communicator& control) {
    Id id{};
    nccl::share_id(control, "", id,
                   [](std::span<char>) { throw dl::Error("ncclGetUniqueId: unhandled system error"); });
  });
  for (const auto& text : all) BOOST_TEST(text == "rank 0 on thread: ncclGetUniqueId: unhandled system error");
}

BOOST_AUTO_TEST_CASE(rows_are_counted) {
  const auto all = texts(3, [](dl::Communicator& control) {
    const auto counts = nccl::count_rows(control, at::zeros({control.rank() * 2, 5}, at::kFloat), "rows");
    if (counts != std::vector<int64_t>{0, 2, 4}) throw dl::Error("other counts");
  });
  for (const auto& text : all) BOOST_TEST(text == "");
}

BOOST_AUTO_TEST_CASE(rows_that_differ_are_refused_on_all_ranks) {
  auto all = texts(2, [](dl::Communicator& control) {
    nccl::count_rows(control, at::zeros({3, 4 + control.rank()}, at::kFloat), "rows");
  });
  BOOST_TEST(all[0] ==
             "rank 0: all_gather_rows of \"rows\": rank 0 has Float rows of shape [4], rank 1 has Float rows of shape "
             "[5]");
  BOOST_TEST(all[1].find("rank 1: all_gather_rows of \"rows\": rank 0 has Float") == 0, all[1]);
  all = texts(2, [](dl::Communicator& control) {
    nccl::count_rows(control, at::zeros({3}, control.rank() == 0 ? at::kFloat : at::kInt), "rows");
  });
  for (const auto& text : all) BOOST_TEST(text.find("rank 1 has Int rows of shape []") != text.npos, text);
}
