// Debian's package dataset-fashion-mnist against what Python reads from it.
#include <ATen/ops/arange.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "dl/data.h"
#include "oracles/oracle.h"
#include "vision_plugin.h"

using dl::Split;

namespace {

boost::test_tools::assertion_result installed(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result result(std::filesystem::exists("/usr/share/datasets/fashion-mnist"));
  result.message() << "dataset-fashion-mnist is not installed";
  return result;
}

std::shared_ptr<dl::Data> make() {
  const dl::DataContext no_root;
  return plugin().make<dl::Data>("FashionMNIST", {}, &no_root);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_package_is_read_as_python_reads_it, *boost::unit_test::precondition(installed)) {
  const auto data = make();
  auto expected = oracle::read("fashion_mnist");
  const auto positions = at::arange(1, 785, at::kLong);
  for (const auto split : {Split::train, Split::test}) {
    const auto name = dl::to_string(split);
    const auto size = data->size(split);
    BOOST_CHECK_EQUAL(static_cast<double>(size), expected.at(name + " size")[0]);
    std::vector<double> counts(10);
    for (int64_t i = 0; i < size; i += 1000) {
      const auto thousand = oracle::flat(at::arange(i, i + 1000, at::kLong));
      const auto labels = data->get_batch(split, std::vector<int64_t>(thousand.begin(), thousand.end()))[1];
      for (const double label : oracle::flat(labels)) ++counts[static_cast<size_t>(label)];
    }
    BOOST_CHECK(counts == expected.at(name + " labels"));
    for (const int64_t index : {int64_t{0}, int64_t{1}, size / 2, size - 1}) {
      const auto fields = data->get_batch(split, {&index, 1});
      const auto pixels = fields[0].flatten().to(at::kLong);
      const std::vector<double> found = {fields[1].item<double>(), pixels.sum().item<double>(),
                                         (pixels * positions).sum().item<double>()};
      BOOST_CHECK(found == expected.at(name + " " + std::to_string(index)));
    }
  }
}

BOOST_AUTO_TEST_CASE(pixels_are_normalized_to_torchvisions_bits, *boost::unit_test::precondition(installed)) {
  const auto data = make();
  const int64_t first = 0;
  const auto images = data->finish(Split::train, data->get_batch(Split::train, {&first, 1}))[0];
  BOOST_CHECK(images.scalar_type() == at::kFloat);
  BOOST_CHECK(oracle::flat(images[0][0][14]) == oracle::read("fashion_mnist").at("normalized row"));
}
