#include <c10/util/Exception.h>

#include "dl/data.h"
#include "dl/loss.h"
#include "dl/plugin.h"
#include "dl/scheduler.h"

namespace {

class Scale : public dl::Loss {
 public:
  struct Clip {
    double low = -1, high = 1;
    static auto schema() {
      return dl::Schema<Clip>("Where values are cut.")
          .field("low", &Clip::low, "smallest")
          .field("high", &Clip::high, "largest");
    }
  };
  struct Options {
    double factor = 2;
    int64_t power = 1;
    std::string reduction = "mean";
    std::vector<int64_t> axes = {0, 1};
    std::optional<double> floor;
    bool fail = false;
    Clip clip;
  };
  static auto schema() {
    return dl::Schema<Options>("The prediction, scaled.\nA second line, for inspect only.")
        .field("factor", &Options::factor, "what it is multiplied by", dl::greater_than(0))
        .field("power", &Options::power, "exponent", dl::between(1, 4))
        .field("reduction", &Options::reduction, "over samples", dl::one_of({"mean", "sum"}))
        .field("axes", &Options::axes, "which axes")
        .field("floor", &Options::floor, "lower bound")
        .field("fail", &Options::fail, "throw in the constructor")
        .field("clip", &Options::clip, "limits");
  }
  explicit Scale(const Options& options) : options_(options) { TORCH_CHECK(!options.fail, "asked to fail"); }
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor&) override {
    return prediction.mul(options_.factor);
  }

 private:
  Options options_;
};

class Ramp : public dl::Scheduler {
 public:
  struct Options {
    double gamma = 0.5;
  };
  static auto schema() {
    return dl::Schema<Options>("Falls.").field("gamma", &Options::gamma, "factor", dl::between(0, 1));
  }
  explicit Ramp(const Options& options) : gamma_(options.gamma) {}
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override {
    return {base.lr * (progress.count ? gamma_ : 1), base.momentum};
  }

 private:
  double gamma_;
};

/// Sees its context.
class Rows : public dl::Data {
 public:
  static auto schema() { return dl::Schema<dl::NoOptions>("Nothing but its root."); }
  Rows(const dl::NoOptions&, const dl::DataContext& context) : root_(context.root) {}
  int64_t size(dl::Split) const override { return static_cast<int64_t>(root_.size()); }
  dl::Sample get(dl::Split, int64_t, dl::Rng&) const override { return {}; }

 private:
  std::string root_;
};

}  // namespace

DL_PLUGIN("good", "1.2.3", "A plugin as it should be") {
  r.add<Scale>("Scale", {"Scaled"}).add<Ramp>("Ramp").add<Rows>("Rows");
}
