// dl::BatchNorm over ranks against PyTorch's batch norm over the whole batch.
#include "dl/batch_norm.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <boost/test/unit_test.hpp>

#include "dl/error.h"
#include "oracles/oracle.h"
#include "support/check_close.h"
#include "support/thread_communicator.h"

using namespace dl;
using dl::testing::ThreadGroup;

namespace {

/// Rows [begin, end) of the batch that are a rank's.
struct Rows {
  int64_t begin, end;
  bool padding = false;
};

/// How seven rows are dealt out.
const std::vector<std::vector<Rows>>& cuts() {
  static const std::vector<std::vector<Rows>> all{
      {{0, 7}},
      {{0, 4}, {4, 7}},
      {{0, 1}, {1, 3}, {3, 7}},
      {{0, 3}, {3, 5}, {0, 1, true}, {5, 7}},  // one rank has rows for company only
      {{2, 4, true}, {0, 7}},
  };
  return all;
}

/// What a rank has after two batches in training mode and one in evaluation mode.
struct Result {
  Tensor y, dx, dweight, dbias, running_mean, running_var, num_batches_tracked, eval;
};

template <class Layer>
Layer filled(const torch::nn::BatchNormOptions& options) {
  Layer layer(options);
  layer->to(at::kDouble);
  const at::NoGradGuard no_grad;
  if (options.affine()) {
    layer->weight.copy_(oracle::hashed(layer->weight.sizes(), "weight").mul(0.5).add(1));
    layer->bias.copy_(oracle::hashed(layer->bias.sizes(), "bias").mul(0.1));
  }
  return layer;
}

template <class Layer>
Result result_of(Layer layer, Communicator& communicator, const Rows& rows, at::IntArrayRef shape) {
  auto sync = std::make_shared<BatchNormSync>(BatchNormSync{communicator, rows.padding});
  layer->synchronize(sync, "bn");
  const auto own = [&](const Tensor& whole) { return whole.slice(0, rows.begin, rows.end).clone(); };
  const auto first = own(oracle::hashed(shape, "first").mul(2).add(0.5));
  auto second = own(oracle::hashed(shape, "second").square()).requires_grad_();
  const auto dy = own(oracle::hashed(shape, "dy"));
  layer->forward(first);
  Result result;
  result.y = layer->forward(second);
  result.y.backward(rows.padding ? at::zeros_like(dy) : dy);
  result.dx = second.grad();
  if (layer->options.affine()) {
    result.dweight = layer->weight.grad();
    result.dbias = layer->bias.grad();
  }
  layer->eval();
  result.eval = layer->forward(first);
  result.running_mean = layer->running_mean;
  result.running_var = layer->running_var;
  result.num_batches_tracked = layer->num_batches_tracked;
  return result;
}

template <class Layer>
void check(const std::string& key, const torch::nn::BatchNormOptions& options, at::IntArrayRef shape) {
  static const auto expected = oracle::read("sync_batch_norm");
  for (const auto& cut : cuts()) BOOST_TEST_CONTEXT(key << " on " << cut.size() << " ranks") {
      std::vector<Result> results(cut.size());
      ThreadGroup::run(static_cast<int>(cut.size()), [&](Communicator& communicator) {
        const auto rank = static_cast<size_t>(communicator.rank());
        results[rank] = result_of(filled<Layer>(options), communicator, cut[rank], shape);
      });
      std::vector<double> y, dx, eval;
      Tensor dweight, dbias;
      for (size_t r = 0; r < cut.size(); ++r) {
        const auto& result = results[r];
        const auto append = [](std::vector<double>& to, const Tensor& from) {
          const auto values = oracle::flat(from);
          to.insert(to.end(), values.begin(), values.end());
        };
        if (cut[r].padding) {
          BOOST_TEST(result.dx.abs().max().item<double>() == 0);
        } else {
          append(y, result.y);
          append(dx, result.dx);
          append(eval, result.eval);
        }
        if (options.affine()) {
          dweight = r == 0 ? result.dweight.clone() : dweight.add_(result.dweight);
          dbias = r == 0 ? result.dbias.clone() : dbias.add_(result.dbias);
        }
        if (!options.track_running_stats()) continue;
        BOOST_TEST(at::equal(result.running_mean, results[0].running_mean));
        BOOST_TEST(at::equal(result.running_var, results[0].running_var));
        BOOST_TEST(at::equal(result.num_batches_tracked, results[0].num_batches_tracked));
      }
      const auto close = [&](const char* what, const std::vector<double>& found) {
        BOOST_TEST_CONTEXT(what) support::check_close(found, expected.at(key + " " + what), 1e-12, 1e-12);
      };
      close("y", y);
      close("dx", dx);
      if (options.affine()) {
        close("dweight", oracle::flat(dweight));
        close("dbias", oracle::flat(dbias));
      }
      if (!options.track_running_stats()) continue;
      close("running_mean", oracle::flat(results[0].running_mean));
      close("running_var", oracle::flat(results[0].running_var));
      close("num_batches_tracked", oracle::flat(results[0].num_batches_tracked));
      close("eval", eval);
    }
}

/// A layer's result on two ranks, of rows x [N, …] dealt out two to one.
Tensor on_two_ranks(const Tensor& x, const std::function<Tensor(BatchNorm2d&, const Tensor&)>& body) {
  Tensors parts(2);
  ThreadGroup::run(2, [&](Communicator& communicator) {
    BatchNorm2d layer(torch::nn::BatchNormOptions(x.size(1)));
    layer->synchronize(std::make_shared<BatchNormSync>(BatchNormSync{communicator}), "main.bn");
    const int64_t cut = x.size(0) * 2 / 3;
    const auto own = communicator.rank() == 0 ? x.slice(0, 0, cut) : x.slice(0, cut);
    parts[static_cast<size_t>(communicator.rank())] = body(layer, own);
  });
  return at::cat(parts);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(batch_norm)

BOOST_AUTO_TEST_CASE(ranks_give_what_one_batch_gives) {
  using torch::nn::BatchNormOptions;
  check<BatchNorm2d>("2d", BatchNormOptions(3), {7, 3, 2, 3});
  check<BatchNorm2d>("2d cumulative", BatchNormOptions(3).eps(1e-3).momentum(std::nullopt), {7, 3, 2, 3});
  check<BatchNorm2d>("2d plain", BatchNormOptions(3).affine(false).track_running_stats(false), {7, 3, 2, 3});
  check<BatchNorm1d>("1d", BatchNormOptions(4), {7, 4});
  check<BatchNorm1d>("1d length", BatchNormOptions(2).momentum(0.3), {7, 2, 5});
  check<BatchNorm3d>("3d", BatchNormOptions(2).affine(false), {7, 2, 2, 1, 3});
}

/// The same bits as torch::nn's where no host synchronises it, and its names.
BOOST_AUTO_TEST_CASE(alone_it_is_torchs) {
  const auto x = at::randn({4, 3, 5, 5}, at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
  torch::nn::BatchNorm2d theirs(3);
  BatchNorm2d ours(3);
  for (const bool training : {true, false}) {
    theirs->train(training);
    ours->train(training);
    BOOST_TEST(at::equal(ours(x), theirs(x)));
  }
  const auto state = theirs->named_buffers();
  BOOST_TEST(ours->named_buffers().keys() == state.keys(), boost::test_tools::per_element());
  BOOST_TEST(ours->named_parameters().keys() == theirs->named_parameters().keys(), boost::test_tools::per_element());
  for (const auto& item : ours->named_buffers()) BOOST_TEST(at::equal(item.value(), state[item.key()]));
  const auto copy = std::dynamic_pointer_cast<BatchNorm2dImpl>(ours->clone());
  BOOST_REQUIRE(copy);
  BOOST_TEST(at::equal(copy->running_mean, ours->running_mean));
  BOOST_CHECK_EXCEPTION(ours(at::zeros({4, 3})), Error, support::says({"BatchNorm2d", "4 dimensions", "[4, 3]"}));
}

BOOST_AUTO_TEST_CASE(memory_formats_and_dtypes_are_kept) {
  const auto x = at::randn({6, 16, 5, 4}, at::kDouble).mul_(2).add_(1);
  const auto both = [](BatchNorm2d& layer, const Tensor& own) {
    auto input = own.detach().requires_grad_();
    if (own.scalar_type() == at::kDouble) layer->to(at::kDouble);
    const auto y = layer(input);
    y.square().mul(y).sum().backward();
    for (const auto& made : {y, input.grad()})
      if (made.suggest_memory_format() != own.suggest_memory_format() || made.scalar_type() != own.scalar_type())
        throw Error("another format or dtype");
    return at::cat({y, input.grad()}, 1).contiguous();
  };
  const auto exact = on_two_ranks(x, both);
  const auto last = at::MemoryFormat::ChannelsLast;
  BOOST_TEST(at::allclose(on_two_ranks(x.contiguous(last), both), exact, 1e-12, 1e-12));
  for (const auto& format : {at::MemoryFormat::Contiguous, last}) {
    const auto formatted = x.contiguous(format);
    BOOST_TEST(at::allclose(on_two_ranks(formatted.to(at::kFloat), both).to(at::kDouble), exact, 1e-4, 1e-4));
    BOOST_TEST(at::allclose(on_two_ranks(formatted.to(at::kBFloat16), both).to(at::kDouble), exact, 0.05, 0.1));
  }
}

/// An activation checkpoint runs a batch a second time: it must not count twice.
BOOST_AUTO_TEST_CASE(running_statistics_can_be_left_alone) {
  const auto x = at::randn({6, 2, 3, 3});
  const auto twice = [](BatchNorm2d& layer, const Tensor& own) {
    const auto once = layer(own);
    const auto mean = layer->running_mean.clone(), var = layer->running_var.clone();
    layer->update_running_stats(false);
    if (!at::equal(layer(own), once)) throw Error("another output");
    if (!at::equal(layer->running_mean, mean) || !at::equal(layer->running_var, var)) throw Error("they moved");
    if (layer->num_batches_tracked.item<int64_t>() != 1) throw Error("counted twice");
    layer->update_running_stats(true);
    layer(own);
    if (at::equal(layer->running_mean, mean) || layer->num_batches_tracked.item<int64_t>() != 2)
      throw Error("not counted");
    return once;
  };
  on_two_ranks(x, twice);
  BatchNorm2d alone(2);
  twice(alone, x);
}

BOOST_AUTO_TEST_CASE(evaluation_talks_to_nobody) {
  ThreadGroup::run(2, [&](Communicator& communicator) {
    BatchNorm2d layer(2);
    layer->synchronize(std::make_shared<BatchNormSync>(BatchNormSync{communicator}), "bn");
    layer->eval();
    if (communicator.rank() == 0) layer(at::zeros({1, 2, 3, 3}));  // it would wait for rank 1, in vain
  });
}

BOOST_AUTO_TEST_CASE(what_is_refused) {
  const auto forward = [](BatchNorm2d& layer, const Tensor& own) { return layer(own); };
  const auto half = [](BatchNorm2d& layer, const Tensor& own) {
    return own.size(0) > 0 ? layer(own) : layer(at::zeros({1, 2, 1, 1}));
  };
  on_two_ranks(at::randn({1, 2, 1, 1}), half);  // one value a rank is enough
  const auto one_value = [&] {
    ThreadGroup::run(2, [](Communicator& communicator) {
      BatchNorm2d layer(2);
      layer->synchronize(std::make_shared<BatchNormSync>(BatchNormSync{communicator, communicator.rank() == 1}),
                         "main.bn");
      layer(at::zeros({1, 2, 1, 1}));
    });
  };
  BOOST_CHECK_EXCEPTION(one_value(), Error, support::says({"main.bn", "1 value(s) a channel"}));
  const auto second_order = [&](BatchNorm2d& layer, const Tensor& own) {
    auto x = own.clone().requires_grad_();
    const auto y = forward(layer, x);
    return torch::autograd::grad({y.square().sum()}, {x}, {}, true, /*create_graph=*/true)[0];
  };
  BOOST_CHECK_EXCEPTION(on_two_ranks(at::randn({3, 2, 2, 2}), second_order), std::exception,
                        support::says({"main.bn", "gradient of a gradient", "sync_batchnorm = false"}));
}

BOOST_AUTO_TEST_SUITE_END()
