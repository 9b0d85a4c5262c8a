#include "dl/plugin.h"

#include <boost/test/unit_test.hpp>

#include "dl/loss.h"
#include "dl/task.h"

namespace {

class Half : public dl::Loss {
 public:
  struct Options {
    double factor = 0.5;
  };
  static auto schema() {
    return dl::Schema<Options>("half").field("factor", &Options::factor, "a factor", dl::at_least(0));
  }
  explicit Half(const Options& o) : factor(o.factor) {}
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor&) override { return prediction.mean() * factor; }
  double factor;
};

class Lazy : public dl::Task {
 public:
  static auto schema() { return dl::Schema<dl::NoOptions>("lazy").needs(dl::Kind::network, "main", "any"); }
  Lazy(const dl::NoOptions&, dl::Resources& resources) : device(resources.device()) {}
  void train_step(dl::Step&) override {}
  void eval_step(const dl::Batch&, dl::Evaluation&) override {}
  std::vector<dl::NamedTensor> predict(const dl::Batch&) override { return {}; }
  at::Device device;
};

struct Collector : dl::Registrar {
  using dl::Registrar::add;
  void add(dl::ClassInfo info) override { classes.push_back(std::move(info)); }
  std::vector<dl::ClassInfo> classes;
};

struct OnCpu : dl::Resources {
  dl::Network& network(std::string_view) override { throw dl::Error("none"); }
  dl::Loss& loss(std::string_view) override { throw dl::Error("none"); }
  at::Device device() const override { return at::kCPU; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin)

BOOST_AUTO_TEST_CASE(registers_and_makes) {
  Collector collector;
  static_cast<dl::Registrar&>(collector).add<Half>("Half", {"Halve"}).add<Lazy>("Lazy");
  BOOST_TEST(collector.classes.size() == 2U);
  const auto& half = collector.classes[0];
  BOOST_TEST((half.kind == dl::Kind::loss));
  BOOST_TEST(half.former_names.at(0) == "Halve");
  const auto made =
      std::static_pointer_cast<dl::Loss>(half.create(dl::Value(dl::Value::Table{{"factor", 2, {}}}), nullptr));
  BOOST_REQUIRE(dynamic_cast<Half*>(made.get()));
  BOOST_TEST(dynamic_cast<Half&>(*made).factor == 2.0);
  BOOST_CHECK_THROW(half.create(dl::Value(dl::Value::Table{{"factor", -2, {}}}), nullptr), dl::Error);

  dl::Problems problems;
  half.check(dl::Value(dl::Value::Table{{"fcator", 2, {}}}), "model.loss.params", problems);
  BOOST_TEST(problems.text().find("did you mean \"factor\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_context_reaches_the_constructor) {
  Collector collector;
  static_cast<dl::Registrar&>(collector).add<Lazy>("Lazy");
  OnCpu resources;
  dl::Resources* context = &resources;
  const auto made = std::static_pointer_cast<dl::Task>(collector.classes[0].create(dl::Value(), context));
  BOOST_TEST(dynamic_cast<Lazy&>(*made).device.is_cpu());
  BOOST_TEST(collector.classes[0].roles.at(0).name == "main");
}

BOOST_AUTO_TEST_SUITE_END()
