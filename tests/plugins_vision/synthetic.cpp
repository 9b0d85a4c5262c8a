#include <ATen/ops/cdist.h>
#include <ATen/ops/stack.h>

#include <boost/test/unit_test.hpp>
#include <numeric>

#include "dl/data.h"
#include "oracles/oracle.h"
#include "support/check_close.h"
#include "vision_plugin.h"

using dl::Split;
using support::table;

namespace {

std::shared_ptr<dl::Data> make(const dl::Value& params = {}) {
  const dl::DataContext context;
  return plugin().make<dl::Data>("Synthetic", params, &context);
}
dl::Tensors first(const dl::Data& data, Split split, int64_t count) {
  std::vector<int64_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return data.get_batch(split, indices);
}

}  // namespace

BOOST_AUTO_TEST_CASE(shapes_sizes_and_types_are_as_asked) {
  const auto data =
      make(table({{"shape", dl::Value::List{3, 8, 8}}, {"num_classes", 4}, {"train_size", 20}, {"test_size", 0}}));
  BOOST_CHECK_EQUAL(data->size(Split::train), 20);
  BOOST_CHECK_EQUAL(data->size(Split::validation), 256);
  BOOST_CHECK_EQUAL(data->size(Split::test), 0);
  const auto fields = first(*data, Split::train, 20);
  BOOST_CHECK(fields[0].sizes() == (at::IntArrayRef{20, 3, 8, 8}) && fields[0].scalar_type() == at::kFloat);
  BOOST_CHECK(fields[1].sizes() == (at::IntArrayRef{20}) && fields[1].scalar_type() == at::kLong);
  BOOST_CHECK_EQUAL(fields[1].min().item<int64_t>(), 0);
  BOOST_CHECK_EQUAL(fields[1].max().item<int64_t>(), 3);
  BOOST_CHECK_THROW(data->get_batch(Split::train, std::vector<int64_t>{20}), dl::Error);
  BOOST_CHECK_EQUAL(data->info().find("classes")->text(), "[\"0\", \"1\", \"2\", \"3\"]");
}

BOOST_AUTO_TEST_CASE(a_sample_depends_on_seed_split_and_index_alone) {
  const auto data = make(), same = make(), other = make(table({{"seed", 1}}));
  dl::Rng any(1, "a"), another(2, "b");
  const auto sample = data->get(Split::train, 7, any);
  BOOST_CHECK(sample[0].equal(same->get(Split::train, 7, another)[0]));
  BOOST_CHECK(sample[0].equal(first(*data, Split::train, 9)[0][7]));
  BOOST_CHECK(sample[1].equal(first(*data, Split::train, 9)[1][7]));
  BOOST_CHECK(!sample[0].equal(other->get(Split::train, 7, any)[0]));
  BOOST_CHECK(!sample[0].equal(data->get(Split::validation, 7, any)[0]));
  BOOST_CHECK(!sample[0].equal(data->get(Split::train, 8, any)[0]));
  const auto predict = first(*data, Split::predict, 2);
  BOOST_CHECK(predict.size() == 1 && predict[0].equal(first(*data, Split::test, 2)[0]));
}

BOOST_AUTO_TEST_CASE(it_can_be_learned) {
  const auto data = make();
  // The nearest mean of the training images classifies the test images.
  const auto train = first(*data, Split::train, 1000), test = first(*data, Split::test, 200);
  dl::Tensors means;
  for (int64_t k = 0; k < 10; ++k) means.push_back(train[0].flatten(1).index({train[1].eq(k)}).mean(0));
  const auto nearest = at::cdist(test[0].flatten(1), at::stack(means)).argmin(1);
  BOOST_CHECK_EQUAL(nearest.eq(test[1]).sum().item<int64_t>(), 200);
}

BOOST_AUTO_TEST_CASE(without_noise_every_sample_is_its_classs_pattern) {
  const auto data = make(table({{"noise", 0}, {"num_classes", 1}}));
  const auto images = first(*data, Split::train, 2)[0];
  BOOST_CHECK(images[0].equal(images[1]));
  BOOST_CHECK_SMALL(images[0].std().item<double>() - 1, 0.1);
}

BOOST_AUTO_TEST_CASE(samples_kept_in_memory_are_the_same) {
  // Splits of other sizes: each is kept on its own.
  const auto sizes = [](bool in_memory) {
    return table({{"shape", dl::Value::List{5}},
                  {"train_size", 9},
                  {"validation_size", 4},
                  {"test_size", 6},
                  {"in_memory", in_memory}});
  };
  const auto made = make(sizes(false)), kept = make(sizes(true));
  for (const auto split : {Split::train, Split::validation, Split::test, Split::predict})
    BOOST_TEST_CONTEXT(dl::to_string(split)) {
      const auto last = kept->size(split) - 1;
      const std::vector<int64_t> indices{last, 0, 2};
      const auto expected = made->get_batch(split, indices), found = kept->get_batch(split, indices);
      BOOST_REQUIRE_EQUAL(found.size(), expected.size());
      for (size_t i = 0; i < found.size(); ++i) BOOST_CHECK(found[i].equal(expected[i]));
      found[0].zero_();  // a batch is a copy
      BOOST_CHECK(kept->get_batch(split, indices)[0].equal(expected[0]));
      BOOST_CHECK_THROW(kept->get_batch(split, std::vector<int64_t>{last + 1}), dl::Error);
    }
}
