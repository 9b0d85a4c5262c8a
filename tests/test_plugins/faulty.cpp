// Classes that fail on purpose, on one rank, and a task with two networks and two optimizers.
#include <ATen/ops/ones.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/zeros.h>
#include <signal.h>
#include <torch/nn/modules/linear.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "dl/dl.h"

namespace {

int rank_of_environment() {
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return rank ? std::atoi(rank) : 0;
}

/// Classification that throws, or dies, at a step of one rank.
class Task final : public dl::Task {
 public:
  struct Options {
    int64_t rank = 0, step = 0;
    std::string how = "throw";
  };
  static auto schema() {
    return dl::Schema<Options>("Fails at a step.")
        .field("rank", &Options::rank, "the rank that fails")
        .field("step", &Options::step, "the step it fails at")
        .field("how", &Options::how, "what it does",
               dl::one_of({"throw", "kill", "eval", "nan", "signal", "stop", "scatter", "never"}))
        .needs(dl::Kind::network, "main")
        .needs(dl::Kind::loss, "main");
  }
  Task(const Options& options, dl::Resources& resources)
      : options_(options), network_(resources.network()), loss_(resources.loss()) {}
  void train_step(dl::Step& step) override {
    step.update([&](const dl::Batch& batch) {
      if (rank_of_environment() == options_.rank && step.index() == options_.step) {
        if (options_.how == "throw") throw dl::Error("the faulty task fails as asked");
        if (options_.how == "kill") kill(getpid(), SIGKILL);
        if (options_.how == "signal") kill(getpid(), SIGUSR1);
        if (options_.how == "stop") kill(getpid(), SIGSTOP);
        if (options_.how == "scatter")  // has no deterministic form
          at::zeros({2}).put_(at::zeros({2}, at::kLong), at::ones({2}));
        if (options_.how == "nan")
          return dl::StepLoss{loss_(network_(batch[0]), batch[1]) * std::nan(""), static_cast<double>(batch.size())};
      }
      return dl::StepLoss{loss_(network_(batch[0]), batch[1]), static_cast<double>(batch.size())};
    });
  }
  void eval_step(const dl::Batch& batch, dl::Evaluation& evaluation) override {
    if (rank_of_environment() == options_.rank && options_.how == "eval")
      throw dl::Error("the evaluation fails as asked");
    evaluation.log("loss", loss_(network_(batch[0]), batch[1]), static_cast<double>(batch.size()));
  }
  std::vector<dl::NamedTensor> predict(const dl::Batch& batch) override { return {{"y", network_(batch[0])}}; }

 private:
  Options options_;
  dl::Network& network_;
  dl::Loss& loss_;
};

class Perceptron final : public dl::UnaryNetwork {
 public:
  struct Options {
    int64_t inputs = 8, outputs = 1;
  };
  static auto schema() {
    return dl::Schema<Options>("A linear map of x [B, …], and parameters that no step uses.")
        .field("inputs", &Options::inputs, "elements", dl::at_least(1))
        .field("outputs", &Options::outputs, "outputs", dl::at_least(1));
  }
  Perceptron(const Options& o, dl::Build& build)
      : fc_(unit(build, "fc", [&] { return std::make_shared<torch::nn::LinearImpl>(o.inputs, o.outputs); })),
        unused_(unit(build, "unused", [] { return std::make_shared<torch::nn::LinearImpl>(2, 3); })) {}
  using dl::UnaryNetwork::forward;
  dl::Tensor forward(const dl::Tensor& x) override { return fc_(x.flatten(1)); }

 private:
  dl::Unit<torch::nn::LinearImpl> fc_, unused_;
};

/// Adversarial training with the non-saturating loss (Goodfellow et al., 2014): two optimizers, noise by sample.
class Gan final : public dl::Task {
 public:
  static auto schema() {
    return dl::Schema<dl::NoOptions>("A GAN on vectors.")
        .needs(dl::Kind::network, "generator", "z [B, 4] to x")
        .needs(dl::Kind::network, "discriminator", "x to logit [B, 1]")
        .needs(dl::Kind::optimizer, "generator")
        .needs(dl::Kind::optimizer, "discriminator");
  }
  Gan(const dl::NoOptions&, dl::Resources& resources)
      : generator_(resources.network("generator")), discriminator_(resources.network("discriminator")) {}
  void train_step(dl::Step& step) override {
    step.update("discriminator", [&](const dl::Batch& batch) {
      const auto fake = generator_(noise(batch, step)).detach();
      const auto loss = at::softplus(-discriminator_(batch[0])).mean() + at::softplus(discriminator_(fake)).mean();
      return dl::StepLoss{loss, static_cast<double>(batch.size())};
    });
    step.update("generator", [&](const dl::Batch& batch) {
      return dl::StepLoss{at::softplus(-discriminator_(generator_(noise(batch, step)))).mean(),
                          static_cast<double>(batch.size())};
    });
  }
  void eval_step(const dl::Batch& batch, dl::Evaluation& evaluation) override {
    evaluation.log("real", discriminator_(batch[0]).mean(), static_cast<double>(batch.size()));
  }
  std::vector<dl::NamedTensor> predict(const dl::Batch& batch) override {
    return {{"logit", discriminator_(batch[0])}};
  }

 private:
  /// z [B, 4]: each sample's own, whichever rank has it.
  static dl::Tensor noise(const dl::Batch& batch, const dl::Step& step) {
    dl::Tensors rows;
    for (const auto index : batch.indices) rows.push_back(step.rng("noise", index).normal({4}));
    return at::stack(rows).to(batch[0].scalar_type());
  }
  dl::Network& generator_;
  dl::Network& discriminator_;
};

/// Cuts parameters, and its traits say that it does not.
class Backend final : public dl::Backend {
 public:
  static auto schema() { return dl::Schema<dl::NoOptions>("A backend that contradicts itself."); }
  Backend(const dl::NoOptions&, const dl::BackendContext&) {}
  bool sharded() const override { return true; }
  dl::Build& build(const std::string&) override { refuse(); }
  void attach(const std::string&, dl::Network&) override { refuse(); }
  void begin_update(std::span<const std::string>) override { refuse(); }
  void backward(const dl::Tensor&, double, bool) override { refuse(); }
  void end_update(std::span<const std::string>, std::span<double>) override { refuse(); }
  std::span<dl::Param> params(const std::string&) override { refuse(); }
  void after_step(std::span<const std::string>) override { refuse(); }
  void sync_buffers() override { refuse(); }
  void visit(const std::string&, bool, bool, const Visitor&) override { refuse(); }

 private:
  [[noreturn]] static void refuse() { throw dl::Error("the faulty backend was used"); }
};

}  // namespace

DL_PLUGIN("faulty", "1.0.0", "For tests: classes that fail as asked") {
  r.add<Task>("Task").add<Perceptron>("Perceptron").add<Gan>("Gan").add<Backend>("Backend");
}
