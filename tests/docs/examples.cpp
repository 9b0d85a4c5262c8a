// One class of most kinds: the snippets of docs/plugins.md stand here word for word, and are compiled, loaded and
// trained.
#include <torch/nn/modules/linear.h>

#include <algorithm>
#include <fstream>

#include "dl/dl.h"

namespace examples {

class Perceptron final : public dl::UnaryNetwork {
 public:
  struct Options {
    int64_t inputs = 8, width = 16;
    bool bias = true;
  };
  static auto schema() {
    return dl::Schema<Options>("Two layers: x [B, inputs] to y [B, 1].")
        .field("inputs", &Options::inputs, "features of x", dl::at_least(1))
        .field("width", &Options::width, "hidden features", dl::at_least(1))
        .field("bias", &Options::bias, "add a learnt constant in each layer");
  }
  explicit Perceptron(const Options& o)
      : fc1_(register_module("fc1", torch::nn::Linear(torch::nn::LinearOptions(o.inputs, o.width).bias(o.bias)))),
        fc2_(register_module("fc2", torch::nn::Linear(torch::nn::LinearOptions(o.width, 1).bias(o.bias)))) {}
  using dl::UnaryNetwork::forward;
  dl::Tensor forward(const dl::Tensor& x) override { return fc2_(fc1_(x).relu()); }

 private:
  torch::nn::Linear fc1_, fc2_;
};

class Absolute final : public dl::Loss {
 public:
  struct Options {
    double scale = 1;
  };
  static auto schema() {
    return dl::Schema<Options>("scale × |prediction - target|, the mean over all elements.")
        .field("scale", &Options::scale, "factor", dl::greater_than(0));
  }
  explicit Absolute(const Options& options) : options_(options) {}
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor& target) override {
    return (prediction - target).abs().mean() * options_.scale;
  }

 private:
  Options options_;
};

class Largest final : public dl::Metric {
 public:
  static auto schema() { return dl::Schema<dl::NoOptions>("The largest error of the split."); }
  explicit Largest(const dl::NoOptions&) {}
  dl::Tensor update(const dl::Tensor& prediction, const dl::Tensor& target) const override {
    return (prediction - target).abs().max().to(at::kDouble).reshape({1});
  }
  void merge(dl::Tensor& total, const dl::Tensor& state) const override { total = total.maximum(state); }
  std::vector<std::pair<std::string, double>> compute(const dl::Tensor& total) const override {
    return {{"largest", total.item<double>()}};
  }
};

class SignSGD final : public dl::Optimizer {
 public:
  struct Options {
    double lr = 0.01, momentum = 0.9;
  };
  static auto schema() {
    return dl::Schema<Options>("Steps of one size, by the sign of the averaged gradient (Bernstein et al., 2018).")
        .field("lr", &Options::lr, "size of a step", dl::at_least(0))
        .field("momentum", &Options::momentum, "share of the average that is kept", dl::between(0, 1));
  }
  explicit SignSGD(const Options& options) : options_(options) {}
  dl::Rate base_rate() const override { return {options_.lr, options_.momentum}; }
  void step(std::span<dl::Param* const> params, const dl::Rate& rate) override {
    const double kept = rate.momentum.value_or(options_.momentum);
    for (auto* param : params) {
      auto& average = param->state("average");
      average.mul_(kept).add_(param->grad, 1 - kept);
      param->value.sub_(average.sign(), rate.lr);
    }
  }

 private:
  Options options_;
};

class WarmUp final : public dl::Scheduler {
 public:
  struct Options {
    int64_t counts = 10;
  };
  static auto schema() {
    return dl::Schema<Options>("From lr / counts up to lr in `counts` counts, then constant.")
        .field("counts", &Options::counts, "epochs or steps, by `call`", dl::at_least(1));
  }
  explicit WarmUp(const Options& options) : options_(options) {}
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override {
    const double done = static_cast<double>(progress.count + 1) / static_cast<double>(options_.counts);
    return {base.lr * std::min(1.0, done), base.momentum};
  }

 private:
  Options options_;
};

class Sines final : public dl::Data {
 public:
  struct Options {
    int64_t samples = 256;
    uint32_t seed = 1;
  };
  static auto schema() {
    return dl::Schema<Options>("x [8] of normal noise, y [1] the sine of its first feature.")
        .field("samples", &Options::samples, "training samples; a quarter as many to validate", dl::at_least(4))
        .field("seed", &Options::seed, "of the noise");
  }
  Sines(const Options& options, const dl::DataContext&) : options_(options) {}
  int64_t size(dl::Split split) const override {
    return split == dl::Split::train ? options_.samples : split == dl::Split::validation ? options_.samples / 4 : 0;
  }
  dl::Sample get(dl::Split split, int64_t index, dl::Rng&) const override {
    auto x = dl::Rng(options_.seed, to_string(split), 0, static_cast<uint64_t>(index)).normal({8});
    return {x, x[0].sin().reshape({1})};
  }

 private:
  Options options_;
};

class Noise final : public dl::Transform {
 public:
  struct Options {
    double sigma = 0.1;
  };
  static auto schema() {
    return dl::Schema<Options>("Adds normal noise to field 0.")
        .field("sigma", &Options::sigma, "its standard deviation", dl::at_least(0));
  }
  explicit Noise(const Options& options) : options_(options) {}
  dl::Sample apply(dl::Sample sample, dl::Rng& rng) const override {
    sample.at(0) = sample.at(0) + rng.normal(sample.at(0).sizes()) * options_.sigma;
    return sample;
  }

 private:
  Options options_;
};

class Regression final : public dl::Task {
 public:
  static auto schema() {
    return dl::Schema<dl::NoOptions>("x to y, by the distance that the loss measures.")
        .needs(dl::Kind::network, "main", "x [B, …] to y [B, …]")
        .needs(dl::Kind::loss, "main", "of prediction and y");
  }
  Regression(const dl::NoOptions&, dl::Resources& resources) : network_(resources.network()), loss_(resources.loss()) {}
  void train_step(dl::Step& step) override {
    step.update([&](const dl::Batch& batch) {
      return dl::StepLoss{loss_(network_(batch[0]), batch[1]), static_cast<double>(batch.size())};
    });
  }
  void eval_step(const dl::Batch& batch, dl::Evaluation& evaluation) override {
    const auto prediction = network_(batch[0]);
    evaluation.log("loss", loss_(prediction, batch[1]), static_cast<double>(batch.size()));
    evaluation.metrics(prediction, batch[1]);
  }
  std::vector<dl::NamedTensor> predict(const dl::Batch& batch) override { return {{"y", network_(batch[0])}}; }

 private:
  dl::Network& network_;
  dl::Loss& loss_;
};

class Lines final : public dl::Logger {
 public:
  static auto schema() { return dl::Schema<dl::NoOptions>("One line a metric, in lines.txt of the run directory."); }
  explicit Lines(const dl::NoOptions&) {}
  void open(const dl::RunInfo& run) override {
    file_.open(run.run_dir + "/lines.txt");
    if (!file_) throw dl::Error(run.run_dir + "/lines.txt cannot be written");
  }
  int64_t write(std::span<const dl::Event> events) override {
    for (const auto& event : events)
      for (const auto& [name, value] : event.metrics) file_ << event.step << ' ' << name << ' ' << value << '\n';
    file_.flush();
    return events.empty() ? 0 : events.back().offset;
  }
  void close(const std::string& status) override { file_ << status << '\n'; }

 private:
  std::ofstream file_;
};

/// A fully connected block, and a network of several, each a unit: a backend that cuts parameters gathers one at a
/// time.
class BlockImpl final : public torch::nn::Module {
 public:
  explicit BlockImpl(int64_t width) : fc_(register_module("fc", torch::nn::Linear(width, width))) {}
  dl::Tensor forward(const dl::Tensor& x) { return x + fc_(x).relu(); }

 private:
  torch::nn::Linear fc_;
};

class Residual final : public dl::UnaryNetwork {
 public:
  struct Options {
    int64_t width = 8, blocks = 2;
  };
  static auto schema() {
    return dl::Schema<Options>("Residual blocks: x [B, width] to y [B, 1].")
        .field("width", &Options::width, "features", dl::at_least(1))
        .field("blocks", &Options::blocks, "number of blocks", dl::at_least(1));
  }
  Residual(const Options& o, dl::Build& build) {
    for (int64_t i = 0; i < o.blocks; ++i)
      blocks_.push_back(unit(build, "block" + std::to_string(i), [&] { return std::make_shared<BlockImpl>(o.width); }));
    head_ = register_module("head", torch::nn::Linear(o.width, 1));
  }
  using dl::UnaryNetwork::forward;
  dl::Tensor forward(const dl::Tensor& x) override {
    auto y = x;
    for (const auto& block : blocks_) y = block(y);
    return head_(y);
  }

 private:
  std::vector<dl::Unit<BlockImpl>> blocks_;
  torch::nn::Linear head_{nullptr};
};

}  // namespace examples

DL_PLUGIN("examples", "1.0.0", "One class of most kinds") {
  using namespace examples;
  r.add<Perceptron>("Perceptron").add<Residual>("Residual").add<Regression>("Regression").add<Absolute>("Absolute");
  r.add<Largest>("Largest").add<SignSGD>("SignSGD").add<WarmUp>("WarmUp").add<Sines>("Sines").add<Noise>("Noise");
  r.add<Lines>("Lines");
}
