// The stages of ZeRO on a network of units, beside DDP.
#include <ATen/ops/cat.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "dl/error.h"
#include "unit_training.h"

namespace data = boost::unit_test::data;
using namespace dl::testing;  // NOLINT: the subject of this file

// Not anonymous: Boost makes data test cases from templates, whose lambdas capture these types.
namespace zero_units_test {

const auto kStages = data::make({1, 2, 3});
const auto kOnOff = data::make({false, true});

}  // namespace zero_units_test

using namespace zero_units_test;  // NOLINT

BOOST_TEST_GLOBAL_FIXTURE(World);

/// From the first weights on: units are cut as they are made, with the values that the whole network would have had.
BOOST_DATA_TEST_CASE(is_ddp_bit_for_bit, kStages* kOnOff* kOnOff, stage, overlap, use_spare) {
  for (const auto dtype : {at::kFloat, at::kDouble}) {
    Trained reference({0, overlap}, dtype), cut({stage, overlap}, dtype);
    reference.network->use_spare = cut.network->use_spare = use_spare;
    check_same(cut.visited(), reference.visited(), 0);
    for (int i = 0; i < 5; ++i) {
      reference.step();
      cut.step();
    }
    check_same(cut.visited(), reference.visited(), 0);
  }
}

BOOST_DATA_TEST_CASE(accumulates, kStages* kOnOff, stage, overlap) {
  Trained reference({0, overlap}), cut({stage, overlap});
  for (int i = 0; i < 3; ++i) {
    reference.step(3);
    cut.step(3);
  }
  check_same(cut.visited(), reference.visited(), 1e-12);
}

BOOST_DATA_TEST_CASE(gradients_may_travel_as_bf16, kStages, stage) {
  Trained reference({0}), cut({stage, false, false, "bf16"});
  for (int i = 0; i < 3; ++i) {
    reference.step(2);
    cut.step(2);
  }
  check_same(cut.visited(), reference.visited(), 2e-2);
}

/// A unit that is used in some updates only.
BOOST_DATA_TEST_CASE(units_come_and_go, kStages* kOnOff, stage, overlap) {
  Trained reference({0, overlap}), cut({stage, overlap});
  for (int i = 0; i < 6; ++i) {
    reference.network->use_spare = cut.network->use_spare = i % 3 == 1;
    reference.step();
    cut.step();
  }
  check_same(cut.visited(), reference.visited(), 0);
}

/// Between two uses only the pieces of a streamed unit are in memory, also after an evaluation.
BOOST_AUTO_TEST_CASE(stage_3_frees_units) {
  Trained cut({3});
  const auto in_memory = [&](const torch::nn::Module& module) {
    size_t bytes = 0;
    for (const auto& parameter : module.parameters()) try {
        if (parameter.const_data_ptr()) bytes += parameter.nbytes();
      } catch (const c10::Error&) {
      }
    return bytes;
  };
  const auto check_freed = [&] {
    for (const auto& unit : cut.network->units())
      BOOST_TEST(in_memory(*unit->module) == (unit->name == "shared" ? cut.network->tied.nbytes() : 0), unit->name);
  };
  check_freed();
  cut.step(2);
  check_freed();
  {
    const at::NoGradGuard no_grad;
    cut.loss({0, kRows});
  }
  check_freed();
  cut.visited();
  check_freed();
}

BOOST_AUTO_TEST_CASE(a_unit_is_not_there_outside_of_its_call) {
  Trained cut({3});
  BOOST_CHECK_EXCEPTION(cut.network->twice->a->weight.sum(), c10::Error, [](const c10::Error& error) {
    return std::string(error.what()).find("the parameters of the unit main.twice are kept in pieces") !=
           std::string::npos;
  });
}

/// autograd::grad() with create_graph inside the loss: the backward pass is differentiated.
BOOST_DATA_TEST_CASE(a_gradient_penalty, kStages* kOnOff, stage, overlap) {
  Trained reference({0, overlap}), cut({stage, overlap});
  const auto step = [](Trained& trained) {
    trained.step_on(1, [&](Rows rows) {
      const auto x = trained.x_BC.slice(0, rows.begin, rows.end).detach().requires_grad_(true);
      const auto y = (*trained.network)(x);
      const auto slope = torch::autograd::grad({y.square().sum()}, {x}, {}, true, true)[0];
      return y.square().sum(1).mean() + slope.norm(2, 1).sub(1).square().mean();
    });
  };
  for (int i = 0; i < 4; ++i) {
    step(reference);
    step(cut);
  }
  check_same(cut.visited(), reference.visited(), 1e-12);
}

BOOST_DATA_TEST_CASE(activation_checkpointing_changes_nothing, data::make({0, 1, 2, 3}) * kOnOff, stage, overlap) {
  Trained reference({0, overlap}), cut({stage, overlap, true});
  for (int i = 0; i < 4; ++i) {
    reference.step(2);
    cut.step(2);
  }
  check_same(cut.visited(), reference.visited(), 1e-12);
}

/// A unit that is used twice gets gradients from two passes; its buckets wait for both.
BOOST_DATA_TEST_CASE(checkpointed_units_may_be_used_twice, data::make({2, 3}) * kOnOff, stage, overlap) {
  Trained reference({.stage = 0}), cut({.stage = stage, .overlap = overlap, .checkpointing = true, .bucket_mb = 1e-5});
  for (int i = 0; i < 4; ++i) {
    reference.network->use_spare = cut.network->use_spare = i % 2 == 1;
    reference.step(2);
    cut.step(2);
  }
  check_same(cut.visited(), reference.visited(), 1e-12);
}

BOOST_AUTO_TEST_CASE(what_units_cannot_hold_is_refused) {
  const auto backend = make({3});
  BOOST_CHECK_EXCEPTION(MixedNet(backend->build("main")), dl::Error, [](const dl::Error& error) {
    return std::string(error.what()).find("parameters of the unit mixed are of two types, Float and BFloat16") !=
           std::string::npos;
  });
}

/// Two networks: while one is trained the other's gradients go through frozen units.
BOOST_DATA_TEST_CASE(two_networks, kStages* kOnOff, stage, overlap) {
  const auto train = [&](const Setting& setting) {
    const auto backend = make(setting);
    const auto a = attach_unit_net(*backend, "a", 3, at::kDouble), b = attach_unit_net(*backend, "b", 4, at::kDouble);
    const auto x_BC = noise({kRows, 5}, 5), filler_BC = noise({kRows, 2}, 6);
    const auto through = [&](Rows rows) {
      const auto y_BC = (*a)(x_BC.slice(0, rows.begin, rows.end));
      return (*b)(at::cat({y_BC, filler_BC.slice(0, rows.begin, rows.end)}, 1)).square().sum(1).mean();
    };
    const auto freeze = [](UnitNet& network, bool frozen) {
      for (const auto& item : network.named_parameters())
        if (item.key().find("scale") == std::string::npos) item.value().set_requires_grad(!frozen);
    };
    const auto mine = cut(share(kRows, World::communicator()), 1);
    for (int i = 0; i < 3; ++i) {
      freeze(*b, true);
      update(*backend, {"a"}, mine, kRows, through);
      apply(*backend, "a");
      freeze(*b, false);
      freeze(*a, true);
      update(*backend, {"b"}, mine, kRows, through);
      apply(*backend, "b");
      freeze(*a, false);
      update(*backend, {"a", "b"}, mine, kRows, through);
      apply(*backend, "a");
      apply(*backend, "b");
    }
    std::vector<dl::NamedTensor> found;
    for (const auto* name : {"a", "b"})
      backend->visit(name, true, false, [&](const dl::NetworkEntry& entry, dl::Tensor& whole) {
        found.push_back({entry.state + "/" + entry.name, whole.detach().clone()});
      });
    return found;
  };
  check_same(train({stage, overlap}), train({0, overlap}), 0);
}

/// What one stage has written another reads: weights, moments and counts.
BOOST_AUTO_TEST_CASE(stages_load_each_others_states) {
  Trained source({3}), target({0}), back({3});
  for (int i = 0; i < 3; ++i) source.step();
  const auto load = [](Trained& from, Trained& to) {
    const auto state = from.visited();
    if (to.visited().size() != state.size()) to.step();  // so that there are states
    size_t next = 0;
    to.backend->visit("main", true, true,
                      [&](const dl::NetworkEntry&, dl::Tensor& whole) { whole.copy_(state[next++].tensor); });
  };
  load(source, target);
  load(target, back);
  check_same(back.visited(), source.visited(), 0);
  source.step();
  target.step();
  back.step();
  check_same(target.visited(), source.visited(), 0);
  check_same(back.visited(), source.visited(), 0);
}

/// A backward pass inside a loss gives parameters a second gradient, when the first was sent already.
BOOST_DATA_TEST_CASE(a_nested_backward_pass_is_refused, data::make({2, 3}), stage) {
  if (World::communicator().size() > 1) return;  // each rank throws, but with others under way
  Trained cut({stage});
  cut.network->use_spare = true;  // all of them come
  struct Nested : torch::autograd::Function<Nested> {
    static dl::Tensor forward(torch::autograd::AutogradContext* ctx, const dl::Tensor& loss, Trained* trained) {
      ctx->saved_data["trained"] = reinterpret_cast<int64_t>(trained);
      return loss.clone();
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                   torch::autograd::variable_list gradients) {
      const at::AutoGradMode grad(true);
      reinterpret_cast<Trained*>(ctx->saved_data["trained"].toInt())->loss({0, 2}).backward();
      return {gradients[0], {}};
    }
  };
  BOOST_CHECK_EXCEPTION(cut.step_on(1, [&](Rows rows) { return Nested::apply(cut.loss(rows), &cut); }), dl::Error,
                        [](const dl::Error& error) {
                          return std::string(error.what()).find("got a second gradient in one backward pass") !=
                                 std::string::npos;
                        });
}
