#include <ATen/ops/arange.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <set>

#include "dl/transform.h"
#include "oracles/oracle.h"
#include "support/check_close.h"
#include "vision_plugin.h"

using support::says;
using support::table;

namespace {

dl::Value list(std::vector<double> values) { return dl::Value::List(values.begin(), values.end()); }

dl::Tensor apply(const std::string& name, const dl::Value& params, const dl::Tensor& image, uint64_t index = 0) {
  dl::Rng rng(3, "augment", 0, index);
  const auto before = image.clone();
  const auto label = at::tensor({7}, at::kLong);
  const auto result = plugin().make<dl::Transform>(name, params)->apply({image, label}, rng);
  BOOST_CHECK(result.size() == 2 && result[1].is_same(label));
  BOOST_CHECK(image.equal(before));  // the data set's own memory may be behind it
  return result[0];
}

dl::Tensor counted(at::IntArrayRef shape, at::ScalarType dtype) {
  int64_t count = 1;
  for (const auto length : shape) count *= length;
  return at::arange(1, count + 1, at::kLong).view(shape).to(dtype);
}

}  // namespace

BOOST_AUTO_TEST_CASE(normalize_scales_each_channel) {
  const auto image = counted({2, 2, 2}, at::kDouble);
  const auto params = table({{"mean", list({1, 2})}, {"std", list({2, 4})}});
  support::check_close(oracle::flat(apply("Normalize", params, image)), {0, 0.5, 1, 1.5, 0.75, 1, 1.25, 1.5}, 1e-15);
  const auto bytes = apply("Normalize", {}, counted({1, 2, 2}, at::kByte));
  BOOST_CHECK(bytes.scalar_type() == at::kFloat);
  BOOST_CHECK_EQUAL(bytes.flatten()[1].item<float>(), (2.0F / 255 - 0.5F) / 0.5F);
  BOOST_CHECK_EXCEPTION(apply("Normalize", params, counted({3, 1, 1}, at::kFloat)), dl::Error,
                        says({"2 values", "3 channel"}));
  BOOST_CHECK_EXCEPTION(apply("Normalize", table({{"mean", list({1, 2})}}), image), dl::Error, says({"2 and 1"}));
  BOOST_CHECK_EXCEPTION(apply("Normalize", table({{"std", list({0})}}), image), dl::Error, says({"\"std\"", "> 0"}));
}

BOOST_AUTO_TEST_CASE(flip_mirrors_as_often_as_asked) {
  const auto image = counted({2, 2, 3}, at::kByte);
  BOOST_CHECK(apply("RandomHorizontalFlip", table({{"p", 1}}), image).equal(image.flip(2)));
  BOOST_CHECK(apply("RandomHorizontalFlip", table({{"p", 0}}), image).equal(image));
  int flipped = 0;
  for (uint64_t i = 0; i < 1000; ++i)
    flipped += !apply("RandomHorizontalFlip", table({{"p", 0.25}}), image, i).equal(image);
  BOOST_CHECK(flipped > 200 && flipped < 300);  // 250 +- 3.6 standard deviations
}

BOOST_AUTO_TEST_CASE(crop_cuts_every_window_of_the_padded_image_and_no_other) {
  for (const auto dtype : {at::kByte, at::kFloat}) {
    const auto image = counted({2, 3, 4}, dtype);
    const auto padded = at::constant_pad_nd(image, {2, 2, 2, 2});  // 7 x 8: windows of 3 x 3 begin at 5 x 6 places
    std::set<std::pair<int64_t, int64_t>> seen;
    for (uint64_t i = 0; i < 600; ++i) {
      const auto window = apply("RandomCrop", table({{"size", 3}, {"padding", 2}}), image, i);
      for (int64_t y = 0; y < 5; ++y)
        for (int64_t x = 0; x < 6; ++x)
          if (window.equal(padded.narrow(1, y, 3).narrow(2, x, 3))) seen.emplace(y, x);
      BOOST_REQUIRE(window.scalar_type() == dtype);
    }
    BOOST_CHECK_EQUAL(seen.size(), 30);
  }
}

BOOST_AUTO_TEST_CASE(crop_may_miss_the_image_or_be_it) {
  const auto image = at::ones({1, 2, 2});
  std::set<double> sums;
  for (uint64_t i = 0; i < 200; ++i)
    sums.insert(apply("RandomCrop", table({{"size", 2}, {"padding", 3}}), image, i).sum().item<double>());
  BOOST_CHECK(sums == (std::set<double>{0, 1, 2, 4}));
  BOOST_CHECK(apply("RandomCrop", table({{"size", 2}}), image).equal(image));
  BOOST_CHECK_EXCEPTION(apply("RandomCrop", table({{"size", 5}, {"padding", 1}}), image), dl::Error,
                        says({"2 x 2", "padding 1", "size 5"}));
}

BOOST_AUTO_TEST_CASE(randomness_comes_from_the_samples_generator_alone) {
  const auto image = counted({1, 8, 8}, at::kByte);
  for (const char* name : {"RandomCrop", "RandomHorizontalFlip"}) {
    const auto params = std::string(name) == "RandomCrop" ? table({{"size", 8}, {"padding", 4}}) : dl::Value();
    for (uint64_t i = 0; i < 20; ++i) BOOST_CHECK(apply(name, params, image, i).equal(apply(name, params, image, i)));
  }
}

BOOST_AUTO_TEST_CASE(fields_that_are_no_images_are_refused) {
  for (const char* name : {"Normalize", "RandomHorizontalFlip", "RandomCrop"}) {
    BOOST_CHECK_EXCEPTION(apply(name, {}, at::zeros({4, 4})), dl::Error, says({name, "[C, H, W]", "[4, 4]"}));
    BOOST_CHECK_EXCEPTION(apply(name, {}, at::zeros({1, 4, 4}, at::kLong)), dl::Error, says({name, "Long"}));
  }
}
