#include "core/batch_upload.h"

#include <ATen/ops/arange.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "core/prefetcher.h"
#include "dl/error.h"
#include "support/fake_gpu.h"

using dl::testing::FakeGpu;

namespace {

dl::Batch batch_of(int64_t index) {
  return {
      {at::arange(index, index + 3, at::kFloat).pin_memory(), at::arange(2, at::kLong).pin_memory()}, {index}, false};
}

bool begins(const std::string& text, const std::string& part) { return text.rfind(part, 0) == 0; }

}  // namespace

BOOST_AUTO_TEST_CASE(the_copy_has_its_own_stream_and_only_the_current_stream_waits) {
  dl::host::BatchUpload upload(FakeGpu::device());
  FakeGpu::log();
  const auto before = FakeGpu::pinned();
  upload.begin(batch_of(4));
  BOOST_TEST(FakeGpu::pinned() == before + 2);
  auto log = FakeGpu::log();
  BOOST_REQUIRE(log.size() == 3);
  BOOST_TEST(begins(log[0], "copy on "));
  const auto stream = log[0].substr(8);
  BOOST_TEST(stream != "0");
  BOOST_TEST(log[1] == log[0]);
  BOOST_TEST(begins(log[2], "record "));
  BOOST_TEST(log[2].substr(log[2].find(" on ") + 4) == stream);
  const auto event = log[2].substr(7, log[2].find(" on ") - 7);

  BOOST_TEST(upload.under_way());
  const auto batch = upload.take();
  BOOST_TEST(!upload.under_way());
  log = FakeGpu::log();
  const std::vector<std::string> waits{"block 0 by " + event, "use on 0", "use on 0"};
  BOOST_TEST(log == waits, boost::test_tools::per_element());
  BOOST_TEST(batch.indices.at(0) == 4);
  BOOST_TEST(batch[0].device() == FakeGpu::device());
  BOOST_TEST(batch[0].cpu().equal(at::arange(4, 7, at::kFloat)));
  BOOST_TEST(batch[1].scalar_type() == at::kLong);
}

// While batch 0 is in use, batch 1 is on its way, as far as it is made.
BOOST_AUTO_TEST_CASE(the_next_batch_is_under_way_while_one_is_used) {
  dl::host::Prefetcher prefetcher([](int64_t index) { return batch_of(index); }, 10, 2, FakeGpu::device());
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  FakeGpu::log();
  for (int64_t i = 0; i < 10; ++i) {
    const auto batch = prefetcher.next();
    BOOST_TEST(batch.indices.at(0) == i);
    BOOST_TEST(batch[0].cpu().equal(at::arange(i, i + 3, at::kFloat)));
    if (i > 0) continue;
    const auto log = FakeGpu::log();
    BOOST_TEST(std::count_if(log.begin(), log.end(), [](const auto& line) { return begins(line, "copy on "); }) == 4);
    BOOST_TEST(begins(log.back(), "record "));
  }
}

BOOST_AUTO_TEST_CASE(an_error_comes_where_its_batch_would) {
  for (const int64_t workers : {0, 2}) {
    dl::host::Prefetcher prefetcher(
        [](int64_t index) {
          if (index == 3) throw dl::Error("sample 3 is broken");
          return batch_of(index);
        },
        10, workers, FakeGpu::device());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    for (int64_t i = 0; i < 3; ++i) BOOST_REQUIRE(prefetcher.next().indices.at(0) == i);
    BOOST_CHECK_EXCEPTION(prefetcher.next(), dl::Error,
                          [](const auto& error) { return std::string(error.what()) == "sample 3 is broken"; });
  }
}
