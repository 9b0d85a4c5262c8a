#include "dl/batch_norm.h"

#include <ATen/ops/batch_norm_update_stats.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <sstream>
#include <utility>

#include "dl/error.h"

namespace dl {
namespace {

/// Of the rows of all ranks; float64 on the input's device.
struct Statistics {
  Tensor mean, var;  ///< [C]; the variance is the biased one
  Tensor count;      ///< []: rows × positions
};

/// What the backward pass of one call needs beside tensors.
struct Call : torch::CustomClassHolder {
  std::shared_ptr<const BatchNormSync> sync;
  std::string name;
  double eps = 0;
  bool counts = true;  ///< this rank's rows are in the statistics
};

Statistics batch_statistics(const Tensor& x, const BatchNormSync& sync, const std::string& name) {
  const int64_t channels = x.size(1);
  const auto options = x.options().dtype(at::kDouble).memory_format(std::nullopt).requires_grad(false);
  auto& communicator = sync.communicator;
  Tensor own = at::zeros({2 * channels + 1}, options);
  if (!sync.padding) {
    const auto [mean, var] = at::batch_norm_update_stats(x, {}, {}, 0);
    own.narrow(0, 0, channels).copy_(mean);
    own.narrow(0, channels, channels).copy_(var);
    own[2 * channels].fill_(static_cast<double>(x.numel() / channels));
  }
  Tensor all = at::empty({communicator.size(), own.numel()}, options);
  communicator.all_gather(all, own, "statistics of batch norm " + name);

  const auto counts = all.narrow(1, 2 * channels, 1);
  const auto count = counts.sum();
  if (x.is_cpu() && count.item<double>() < 2)
    throw Error("batch norm " + name + ": all ranks together have " + std::to_string(count.item<int64_t>()) +
                " value(s) a channel, training needs two; use a larger batch, or [data] drop_last = true");
  const auto share = counts / count;
  const auto means = all.narrow(1, 0, channels);
  const auto mean = (means * share).sum(0);
  const auto var = ((all.narrow(1, channels, channels) + (means - mean).square()) * share).sum(0);
  return {mean, var, count};
}

/// Normalises by given statistics, whose dependence on `x` over all ranks the backward pass knows.
class SyncBatchNorm : public torch::autograd::Function<SyncBatchNorm> {
 public:
  using Context = torch::autograd::AutogradContext;

  /// weight, bias, mean and var: float32 where `x` is of a shorter dtype, as LibTorch's kernels want it.
  static Tensor forward(Context* context, const Tensor& x, const std::optional<Tensor>& weight,
                        const std::optional<Tensor>& bias, const Tensor& mean, const Tensor& var, const Tensor& count,
                        const c10::intrusive_ptr<Call>& call) {
    context->save_for_backward({x, weight.value_or(Tensor()), mean, var, count});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    return std::get<0>(at::native_batch_norm(x, weight, bias, mean, var, false, 0, call->eps));
  }

  static Tensors backward(Context* context, const Tensors& gradients) {
    const auto call = c10::static_intrusive_pointer_cast<Call>(context->saved_data.at("call").toCapsule());
    if (c10::GradMode::is_enabled())
      throw Error("batch norm " + call->name +
                  ": a gradient of a gradient (create_graph) does not go through a synchronised batch norm; set "
                  "[engine] sync_batchnorm = false");
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &mean = saved[2], &var = saved[3], &count = saved[4];
    const bool to_input = context->needs_input_grad(0);
    const auto dy = gradients[0].contiguous(x.suggest_memory_format());
    // As if the statistics were constants; then what comes through them, which is a function of sums over all ranks:
    // dx = w/σ (dy - mean of dy - x̂ × mean of dy x̂), with x̂ = (x - μ)/σ. The weight's and the bias's gradients stay
    // this rank's: they are summed over ranks with all others.
    auto [dx, dweight, dbias] =
        at::native_batch_norm_backward(dy, x, weight, mean, var, {}, {}, false, call->eps, {to_input, true, true});
    if (to_input) {
      auto sums = at::stack({dbias, dweight}).to(at::kDouble);
      call->sync->communicator.all_reduce(sums, ReduceOp::sum, "gradients of batch norm " + call->name);
      if (call->counts) {
        auto factor = (var.to(at::kDouble) + call->eps).rsqrt() / count.neg();
        if (weight.defined()) factor *= weight;
        sums = (sums * factor).to(mean.scalar_type());
        dx += std::get<0>(at::native_batch_norm(x, sums[1], sums[0], mean, var, false, 0, call->eps));
      }
    }
    if (!weight.defined()) dweight = dbias = Tensor();
    return {dx, dweight, dbias, {}, {}, {}, {}};
  }
};

}  // namespace

BatchNormLayer::~BatchNormLayer() = default;

void BatchNormLayer::synchronize(std::shared_ptr<const BatchNormSync> sync, std::string name) {
  sync_ = std::move(sync);
  name_ = std::move(name);
}

bool BatchNormLayer::synchronized() const { return sync_ && sync_->communicator.size() > 1; }

bool BatchNormLayer::plain(bool training) const { return !training || (updates_ && !synchronized()); }

void BatchNormLayer::check_dimensions(const Tensor& x, size_t dimensions) {
  const auto found = static_cast<size_t>(x.dim());
  if (found == dimensions + 2 || (dimensions == 1 && found == 2)) return;
  std::ostringstream text;
  text << "BatchNorm" << dimensions << "d: expected " << (dimensions == 1 ? "2 or " : "") << dimensions + 2
       << " dimensions [N, C, …], found " << x.sizes();
  throw Error(text.str());
}

Tensor BatchNormLayer::normalize(const Tensor& x, const State& state) const {
  const double eps = state.options.eps();
  if (!synchronized())
    return torch::nn::functional::detail::batch_norm(x, {}, {}, state.weight, state.bias, true, 0, eps);

  const auto input = x.contiguous(x.suggest_memory_format());
  const auto statistics = batch_statistics(input.detach(), *sync_, name_);
  if (updates_ && state.running_mean.defined()) {
    state.num_batches_tracked.add_(1);
    const double share = state.options.momentum().value_or(0);
    const auto move = [&](const Tensor& running, const Tensor& now) {
      if (state.options.momentum())
        running.lerp_(now.to(running.scalar_type()), share);
      else  // the mean of all batches
        running.add_((now - running) / state.num_batches_tracked);
    };
    move(state.running_mean, statistics.mean);
    move(state.running_var, statistics.var * (statistics.count / (statistics.count - 1)));
  }
  const auto dtype = at::isReducedFloatingType(x.scalar_type()) ? at::kFloat : x.scalar_type();
  const auto in_dtype = [&](const Tensor& tensor) {
    return tensor.defined() ? std::optional(tensor.to(dtype)) : std::nullopt;
  };
  auto call = c10::make_intrusive<Call>();
  call->sync = sync_;
  call->name = name_;
  call->eps = eps;
  call->counts = !sync_->padding;
  return SyncBatchNorm::apply(input, in_dtype(state.weight), in_dtype(state.bias), statistics.mean.to(dtype),
                              statistics.var.to(dtype), statistics.count, call);
}

}  // namespace dl
