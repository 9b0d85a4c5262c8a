#include "plugins/parallel/module_tensors.h"

#include <torch/nn/modules/container/sequential.h>

#include <boost/test/unit_test.hpp>

#include "networks.h"

namespace {

std::vector<std::string> names(const std::vector<parallel::ModuleTensor>& tensors) {
  std::vector<std::string> names;
  for (const auto& entry : tensors) names.push_back(entry.name);
  return names;
}

}  // namespace

// The lists are what Python prints for list(module.state_dict()) of the same modules.
BOOST_AUTO_TEST_CASE(the_order_is_that_of_state_dict) {
  torch::nn::Sequential module(torch::nn::Linear(2, 2), torch::nn::BatchNorm1d(2),
                               torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 1, 1).bias(false)));
  const auto tensors = parallel::module_tensors(*module);
  const std::vector<std::string> expected{
      "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked",
      "2.weight"};
  BOOST_TEST(names(tensors) == expected, boost::test_tools::per_element());
  for (const auto& entry : tensors)
    BOOST_TEST(entry.buffer ==
               (entry.name.find("running") != std::string::npos || entry.name == "1.num_batches_tracked"));
}

BOOST_AUTO_TEST_CASE(a_tied_parameter_is_listed_once_under_its_first_name) {
  dl::testing::SmallCnn network(1);
  const auto tensors = parallel::module_tensors(network);
  // state_dict has a module's own parameters first, and there the tensor "tied" before "conv1.bias".
  const std::vector<std::string> expected{"spare",        "frozen",    "tied",   "conv1.weight",
                                          "conv2.weight", "fc.weight", "fc.bias"};
  BOOST_TEST(names(tensors) == expected, boost::test_tools::per_element());
  BOOST_TEST(tensors[2].aliases == std::vector<std::string>{"conv1.bias"}, boost::test_tools::per_element());
  BOOST_TEST(tensors[2].tensor.is_same(network.conv1->bias));
}

BOOST_AUTO_TEST_CASE(a_module_that_is_used_twice_ties_all_it_has) {
  torch::nn::Linear shared(2, 2);
  torch::nn::Sequential module(shared, shared);
  const auto tensors = parallel::module_tensors(*module);
  BOOST_TEST(names(tensors) == std::vector<std::string>({"0.weight", "0.bias"}), boost::test_tools::per_element());
  BOOST_TEST(tensors[0].aliases == std::vector<std::string>{"1.weight"}, boost::test_tools::per_element());
}
