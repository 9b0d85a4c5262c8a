// The stages of ZeRO beside DDP on a network without units: the same weights and states, of which ranks keep a part.
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "networks.h"
#include "plugins/parallel/zero1.h"
#include "plugins/parallel/zero3.h"
#include "window.h"
#include "world.h"

namespace data = boost::unit_test::data;
using namespace dl::testing;  // NOLINT: the subject of this file

// Not anonymous: Boost makes data test cases from templates, whose lambdas capture these types.
namespace zero_test {

constexpr int64_t kRows = 13;

/// Momentum, element by element.
void apply(dl::Backend& backend) {
  const at::NoGradGuard no_grad;
  for (auto& param : backend.params("main")) {
    if (!param.used) continue;
    ++param.step;
    auto& average = param.state("momentum_buffer");
    average.mul_(0.9).add_(param.grad);
    param.value.sub_(average, 0.1);
  }
  const std::vector<std::string> networks{"main"};
  backend.after_step(networks);
}

struct Trained {
  Trained(dl::Backend& backend, at::ScalarType dtype) : backend_(backend) {
    network.to(dtype);
    network.use_spare = false;
    x_BCHW = noise({kRows, 1, 8, 8}, 5).to(dtype);
    y_BC = noise({kRows, 5}, 6).to(dtype);
    backend.attach("main", network);
  }
  void step(int micro_batches) {
    update(backend_, {"main"}, cut(share(kRows, World::communicator()), micro_batches), kRows, [&](Rows rows) {
      return squared_error(network(x_BCHW.slice(0, rows.begin, rows.end)), y_BC.slice(0, rows.begin, rows.end));
    });
    apply(backend_);
  }
  std::vector<dl::NamedTensor> visited() {
    std::vector<dl::NamedTensor> found;
    backend_.visit("main", true, false, [&](const dl::NetworkEntry& entry, dl::Tensor& whole) {
      found.push_back({entry.state + "/" + entry.name, whole.clone()});
    });
    return found;
  }

  SmallCnn network{11};
  dl::Tensor x_BCHW, y_BC;

 private:
  dl::Backend& backend_;
};

void check_equal(const std::vector<dl::NamedTensor>& a, const std::vector<dl::NamedTensor>& b) {
  BOOST_REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    BOOST_TEST(a[i].name == b[i].name);
    BOOST_TEST(at::equal(a[i].tensor, b[i].tensor), a[i].name);
  }
}

void check_close(const std::vector<dl::NamedTensor>& a, const std::vector<dl::NamedTensor>& b) {
  BOOST_REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) BOOST_TEST(at::allclose(a[i].tensor, b[i].tensor, 1e-12, 1e-12), a[i].name);
}

std::unique_ptr<dl::Backend> make_zero(int stage, bool overlap = false, double bucket_mb = 25) {
  auto& world = World::communicator();
  const parallel::DDPOptions options{bucket_mb};
  const dl::BackendContext context{world, world, at::kCPU, overlap};
  if (stage == 1) return std::make_unique<parallel::ZeRO1>(options, context);
  if (stage == 2) return std::make_unique<parallel::ZeRO2>(options, context);
  return std::make_unique<parallel::ZeRO3>(options, context);
}

const auto kStages = data::make({1, 2, 3});

}  // namespace zero_test

using namespace zero_test;  // NOLINT

BOOST_TEST_GLOBAL_FIXTURE(World);

BOOST_DATA_TEST_CASE(is_ddp_bit_for_bit, kStages* data::make({false, true}) * data::make({25.0, 0.0005}), stage,
                     overlap, bucket_mb) {
  for (const auto dtype : {at::kFloat, at::kDouble, at::kBFloat16}) {
    auto ddp = make_ddp(World::communicator(), overlap, bucket_mb);
    auto zero = make_zero(stage, overlap, bucket_mb);
    Trained reference(ddp, dtype), cut(*zero, dtype);
    check_equal(cut.visited(), reference.visited());
    for (int i = 0; i < 5; ++i) {
      reference.step(1);
      cut.step(1);
    }
    check_equal(cut.visited(), reference.visited());
  }
}

/// Stage 1 adds micro-batches up as DDP does, 2 and 3 after the ranks' sum.
BOOST_DATA_TEST_CASE(accumulates_as_ddp_does, kStages* data::make({false, true}), stage, overlap) {
  auto ddp = make_ddp(World::communicator(), overlap);
  auto zero = make_zero(stage, overlap);
  Trained reference(ddp, at::kDouble), cut(*zero, at::kDouble);
  for (int i = 0; i < 5; ++i) {
    reference.step(3);
    cut.step(3);
  }
  if (stage == 1)
    check_equal(cut.visited(), reference.visited());
  else
    check_close(cut.visited(), reference.visited());
}

/// Each rank has its share of the elements, up to the alignment of each bucket.
BOOST_DATA_TEST_CASE(each_rank_keeps_its_share, kStages, stage) {
  auto zero = make_zero(stage);
  Trained trained(*zero, at::kFloat);
  trained.step(2);
  int64_t all = 0, own = 0;
  for (const auto& parameter : trained.network.parameters())
    if (parameter.requires_grad()) all += (parameter.numel() + 63) / 64 * 64;
  for (const auto& param : zero->params("main"))
    for (const auto& [key, state] : param.states) own += state.numel();
  BOOST_TEST(own <= all / World::communicator().size() + 64);
  // Together they have every element once.
  int64_t elements = 0;
  for (const auto& parameter : trained.network.parameters())
    if (parameter.requires_grad()) elements += parameter.numel();
  // `spare` is unused, so it has no state; `tied` is listed under two names.
  elements -= trained.network.spare.numel() + trained.network.tied.numel();
  auto sum = at::full({}, own, at::kLong);
  World::communicator().all_reduce(sum, dl::ReduceOp::sum, "elements of states");
  BOOST_TEST(sum.item<int64_t>() == elements);
  BOOST_TEST(zero->sharded());
}

/// What is written whole is kept in pieces, states that no rank had made included.
BOOST_DATA_TEST_CASE(what_the_visitor_writes_is_kept, kStages, stage) {
  auto zero = make_zero(stage, false, 0.0005);
  Trained trained(*zero, at::kDouble);
  trained.step(2);
  for (auto& param : zero->params("main")) param.state("second");
  const auto written = [](const dl::NetworkEntry& entry, const dl::Tensor& whole) {
    return noise(whole.sizes(), static_cast<int>(entry.name.size() * 7 + entry.state.size()))
        .mul(100)
        .abs()
        .add(2)
        .to(whole.scalar_type());
  };
  int count = 0;
  zero->visit("main", true, true, [&](const dl::NetworkEntry& entry, dl::Tensor& whole) {
    const auto value = written(entry, whole);
    if (++count % 2)
      whole.copy_(value);
    else
      whole = value;  // another tensor in its place
  });
  zero->visit("main", true, false, [&](const dl::NetworkEntry& entry, dl::Tensor& whole) {
    BOOST_TEST(at::equal(whole, written(entry, whole)), entry.state + "/" + entry.name);
  });
  for (const auto& param : zero->params("main")) BOOST_TEST(param.step != 1);
}

BOOST_DATA_TEST_CASE(a_state_of_another_shape_is_refused, kStages, stage) {
  auto zero = make_zero(stage);
  Trained trained(*zero, at::kFloat);
  for (auto& param : zero->params("main")) param.states["scale"] = at::full_like(param.value, 1).sum().view({1});
  BOOST_CHECK_EXCEPTION(trained.visited(), dl::Error, [](const dl::Error& error) {
    return std::string(error.what()).find("has 1 elements for a piece of") != std::string::npos;
  });
}
