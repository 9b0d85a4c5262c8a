#include "core/epoch_loader.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include <boost/test/unit_test.hpp>
#include <set>

using namespace dl;
using namespace dl::host;

namespace {

/// One value a sample: its index, plus noise where augmented.
class Numbers : public Data {
 public:
  explicit Numbers(bool batches) : batches_(batches) {}
  int64_t size(Split) const override { return 50; }
  Sample get(Split, int64_t index, Rng& rng) const override {
    return {at::tensor(static_cast<float>(index) + static_cast<float>(rng.uniform()) * 0.5F), at::tensor(index)};
  }
  bool has_batches() const override { return batches_; }
  Tensors get_batch(Split, std::span<const int64_t> indices) const override {
    const std::vector<int64_t> copy(indices.begin(), indices.end());
    return {at::tensor(copy, at::kFloat), at::tensor(copy, at::kLong)};
  }

 private:
  bool batches_;
};

class Shift : public Transform {
 public:
  Sample apply(Sample sample, Rng& rng) const override {
    sample[0] = sample[0] + 100 * rng.uniform();
    return sample;
  }
};

std::vector<Tensor> all(const Data& data, std::vector<std::shared_ptr<Transform>> transforms, int64_t ranks,
                        int64_t workers, int64_t epoch, at::ScalarType dtype = at::kFloat) {
  std::map<int64_t, Tensor> by_sample;
  const BatchSource source(data, Split::train, std::move(transforms), 5, at::kCPU, dtype);
  for (int64_t rank = 0; rank < ranks; ++rank) {
    EpochLoader loader(source, {50, 4, ranks, 2, false}, rank, true, 5, epoch, workers);
    for (int64_t w = 0; w < loader.windows(); ++w)
      for (const auto& batch : loader.next_window()) {
        if (batch.padding) continue;
        for (int64_t row = 0; row < batch.size(); ++row) {
          BOOST_REQUIRE(batch[1][row].item<int64_t>() == batch.indices[static_cast<size_t>(row)]);
          by_sample[batch.indices[static_cast<size_t>(row)]] = batch[0][row];
        }
      }
  }
  std::vector<Tensor> values;
  for (auto& [index, value] : by_sample) values.push_back(value);
  return values;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(epoch_loader)

BOOST_AUTO_TEST_CASE(augmentation_depends_on_neither_ranks_nor_threads) {
  const Numbers data(false);
  const std::vector<std::shared_ptr<Transform>> transforms = {std::make_shared<Shift>()};
  const auto reference = all(data, transforms, 1, 0, 0);
  BOOST_TEST(reference.size() == 50U);
  for (const int64_t ranks : {1, 2, 3})
    for (const int64_t workers : {0, 1, 3}) {
      const auto values = all(data, transforms, ranks, workers, 0);
      BOOST_REQUIRE(values.size() == 50U);
      for (size_t i = 0; i < 50; ++i) BOOST_REQUIRE(at::equal(values[i], reference[i]));
    }
  const auto next_epoch = all(data, transforms, 1, 0, 1);
  BOOST_TEST(!at::equal(next_epoch[0], reference[0]));
}

BOOST_AUTO_TEST_CASE(whole_batches_unless_there_are_transforms) {
  const Numbers data(true);
  BOOST_TEST(all(data, {}, 2, 1, 0)[7].item<float>() == 7.0F);
  BOOST_TEST(all(data, {std::make_shared<Shift>()}, 2, 1, 0)[7].item<float>() != 7.0F);
}

BOOST_AUTO_TEST_CASE(floating_fields_take_the_precision) {
  const Numbers data(true);
  const auto values = all(data, {}, 1, 0, 0, at::kDouble);
  BOOST_TEST((values[0].scalar_type() == at::kDouble));
}

namespace {

std::vector<int64_t> samples(const Data& data, const BatchPlan& plan, int64_t epoch, int64_t skip = 0) {
  const BatchSource source(data, Split::train, {}, 5, at::kCPU, at::kFloat);
  EpochLoader loader(source, plan, 0, true, 5, epoch, 0, skip);
  std::vector<int64_t> order;
  for (int64_t w = 0; w < loader.windows(); ++w)
    for (const auto& batch : loader.next_window())
      order.insert(order.end(), batch.indices.begin(), batch.indices.end());
  return order;
}

}  // namespace

/// A part of an epoch (a limit, drop_last) is the beginning of the whole epoch's order: over epochs all samples have
/// their turn.
BOOST_AUTO_TEST_CASE(a_part_is_the_beginning_of_the_whole_order) {
  const Numbers data(true);
  const auto whole = samples(data, {50, 4, 1, 1, false}, 0);
  BOOST_REQUIRE(whole.size() == 50U);
  const auto part = samples(data, {12, 4, 1, 1, false}, 0);
  BOOST_TEST(part == std::vector<int64_t>(whole.begin(), whole.begin() + 12), boost::test_tools::per_element());
  std::set<int64_t> seen;
  for (int64_t epoch = 0; epoch < 40; ++epoch)
    for (const auto index : samples(data, {12, 4, 1, 1, false}, epoch)) seen.insert(index);
  BOOST_TEST(seen.size() == 50U);
  const auto dropped = samples(data, {50, 4, 1, 1, true}, 0);
  BOOST_TEST(dropped == std::vector<int64_t>(whole.begin(), whole.begin() + 48), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(goes_on_after_what_was_trained_already) {
  const Numbers data(true);
  const auto whole = samples(data, {50, 4, 1, 1, false}, 3);
  const auto rest = samples(data, {50 - 8, 4, 1, 1, false}, 3, 8);
  BOOST_TEST(rest == std::vector<int64_t>(whole.begin() + 8, whole.end()), boost::test_tools::per_element());
  BOOST_TEST(samples(data, {0, 4, 1, 1, false}, 3, 50).empty());
}

BOOST_AUTO_TEST_SUITE_END()
