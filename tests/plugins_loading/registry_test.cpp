#include "core/registry.h"

#include <ATen/ops/ones.h>

#include <boost/test/unit_test.hpp>

#include "dl/data.h"
#include "dl/loss.h"
#include "dl/scheduler.h"
#include "zoo.h"

using namespace dl;
using namespace dl::host;

namespace {

const dl::Place kPlace{"cfg.toml", 12, 8};

/// A registry on the zoo, and what one find() says.
struct Case {
  Registry registry{{zoo::folder()}};
  Problems problems;
  const ClassInfo* find(const std::string& type, Kind kind = Kind::loss) {
    return registry.find(type, kind, kPlace, "model.loss", problems);
  }
};

void check_broken(const std::string& name, const std::string& words) {
  Case c;
  BOOST_TEST(c.find(name + ".Loss") == nullptr, name);
  BOOST_REQUIRE_EQUAL(c.problems.list().size(), 1U);
  BOOST_TEST(c.problems.text().starts_with("cfg.toml:12:8: [model.loss] "), name);
  BOOST_TEST(zoo::has(c.problems.text(), words), name);
  BOOST_TEST(c.registry.broken_plugin(), name);
  BOOST_TEST(c.registry.loaded().empty(), name);
}

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const dl::Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(registry)

BOOST_AUTO_TEST_CASE(finds_and_loads_on_demand) {
  Case c;
  BOOST_TEST(c.registry.loaded().empty());
  const auto* scale = c.find("good.Scale");
  BOOST_REQUIRE(scale);
  BOOST_TEST(c.registry.full_name(*scale) == "good.Scale");
  BOOST_TEST(c.find("good.Scale") == scale);
  BOOST_TEST(c.find("X.Y.Z", Kind::transform) != nullptr);
  BOOST_TEST(c.problems.text() == "");
  BOOST_REQUIRE_EQUAL(c.registry.loaded().size(), 2U);
  BOOST_TEST(c.registry.loaded()[0]->name == "good");
  BOOST_TEST(c.registry.loaded()[1]->name == "X.Y");
  BOOST_TEST(!c.registry.broken_plugin());
  BOOST_TEST(c.registry.warnings().empty());
}

BOOST_AUTO_TEST_CASE(stays_right_when_it_moves) {
  Case c;
  const auto* scale = c.find("good.Scale");
  const Registry moved = std::move(c.registry);
  BOOST_TEST(moved.full_name(*scale) == "good.Scale");
}

BOOST_AUTO_TEST_CASE(creates_objects) {
  Case c;
  const auto* info = c.find("good.Scale");
  Value params;
  params.at("factor") = Value(3.0);
  const auto loss = c.registry.create<Loss>(*info, params);
  BOOST_TEST((*loss)(at::ones({2}), {}).sum().item<double>() == 6.0);

  const auto* ramp = c.find("good.Ramp", Kind::scheduler);
  BOOST_TEST(c.registry.create<Scheduler>(*ramp, {})->at({1.0, {}}, {.count = 1, .state = {}}).lr == 0.5);

  const DataContext context{"12345"};
  BOOST_TEST(c.registry.create<Data>(*c.find("good.Rows", Kind::data), {}, &context)->size(Split::train) == 5);
}

BOOST_AUTO_TEST_CASE(objects_outlive_the_registry) {
  std::shared_ptr<Loss> loss;
  {
    Case c;
    loss = c.registry.create<Loss>(*c.find("good.Scale"), {});
  }
  BOOST_TEST((*loss)(at::ones({1}), {}).item<double>() == 2.0);
}

BOOST_AUTO_TEST_CASE(errors_of_construction_name_the_class) {
  Case c;
  const auto* info = c.find("good.Scale");
  Value params;
  params.at("fail") = Value(true);
  // LibTorch's own exception, without its stack trace.
  BOOST_TEST(error_of([&] { c.registry.create<Loss>(*info, params); }) == "good.Scale: asked to fail");
  BOOST_TEST(error_of([&] { c.registry.create<Scheduler>(*info, {}); }) == "good.Scale is a loss, not a scheduler");
  params.at("fail") = Value("yes");
  BOOST_TEST(zoo::has(error_of([&] { c.registry.create<Loss>(*info, params); }),
                      "good.Scale: [params] \"fail\": expected boolean"));
}

BOOST_AUTO_TEST_CASE(unknown_class) {
  Case c;
  BOOST_TEST(c.find("good.Scael") == nullptr);
  BOOST_TEST(c.problems.text() == "cfg.toml:12:8: [model.loss] no class \"Scael\" in good (" +
                                      zoo::file("good").string() + "); did you mean \"good.Scale\"?");
  // A wrong name in the config is no broken plugin.
  BOOST_TEST(!c.registry.broken_plugin());
}

BOOST_AUTO_TEST_CASE(a_class_of_another_library_is_proposed) {
  Case c;
  BOOST_TEST(c.find("wrong_kind_abi.Ramp") == nullptr);
  BOOST_TEST(zoo::has(c.problems.text(), "did you mean \"good.Ramp\"?"));
}

BOOST_AUTO_TEST_CASE(unknown_library) {
  Case c;
  BOOST_TEST(c.find("goood.Scale") == nullptr);
  BOOST_TEST(c.problems.text() == "cfg.toml:12:8: [model.loss] no plugin library \"goood\" (searched: " +
                                      zoo::folder().string() + "); did you mean \"good\"?");
  BOOST_TEST(c.registry.broken_plugin());

  Case other;
  other.find("sunshine.Ramp");
  BOOST_TEST(zoo::has(other.problems.text(), "did you mean \"good.Ramp\"?"));
  other.find("sunshine.Moonlight");
  BOOST_TEST(other.problems.list().size() == 2U);

  Registry empty{{}};
  Problems problems;
  BOOST_TEST(empty.find("vision.SimpleCNN", Kind::network, kPlace, "model.network", problems) == nullptr);
  BOOST_TEST(zoo::has(problems.text(),
                      "no plugin library \"vision\" (the plugin path is empty); add its folder with --plugin-path"));
}

BOOST_AUTO_TEST_CASE(malformed_types) {
  Case c;
  BOOST_TEST(c.find("Scale") == nullptr);
  BOOST_TEST(c.problems.text() ==
             "cfg.toml:12:8: [model.loss] \"Scale\": expected \"lib.Class\"; did you mean \"good.Scale\"?");
  BOOST_TEST(!c.registry.broken_plugin());
  BOOST_TEST(c.find("../good.Scale") == nullptr);
  BOOST_TEST(zoo::has(c.problems.text(), "\"../good.Scale\": expected \"lib.Class\""));
}

BOOST_AUTO_TEST_CASE(wrong_kind) {
  Case c;
  BOOST_TEST(c.find("good.Ramp") == nullptr);
  BOOST_TEST(c.problems.text() ==
             "cfg.toml:12:8: [model.loss] good.Ramp is a scheduler, needed here is a loss, such as good.Scale, "
             "wrong_kind_abi.Fits");
  BOOST_TEST(!c.registry.broken_plugin());
}

BOOST_AUTO_TEST_CASE(former_names_warn_once_a_place) {
  Case c;
  const auto* info = c.find("good.Scaled");
  BOOST_REQUIRE(info);
  BOOST_TEST(info->name == "Scale");
  c.find("good.Scaled");
  BOOST_TEST(c.problems.empty());
  BOOST_REQUIRE_EQUAL(c.registry.warnings().list().size(), 1U);
  BOOST_TEST(zoo::has(
      c.registry.warnings().text(),
      "cfg.toml:12:8: [model.loss] \"good.Scaled\" is now called \"good.Scale\"; the old name will stop working"));
}

BOOST_AUTO_TEST_CASE(broken_plugins) {
  const auto at = [](const std::string& name, const std::string& state) {
    return zoo::file(name).string() + ": " + state + ": ";
  };
  check_broken("wrong_torch", at("wrong_torch", "incompatible") + "built for LibTorch 1.13.1, this dlhost runs ");
  check_broken("wrong_sdk", at("wrong_sdk", "incompatible") + "built for SDK ABI 999");
  check_broken("unknown_stamp", at("unknown_stamp", "incompatible") + "unknown stamp version");
  check_broken("no_section", at("no_section", "no plugin") + "no section .dlhost");
  check_broken("name_mismatch", at("name_mismatch", "not loadable") + "it calls itself \"another_name\"");
  check_broken("missing_symbol",
               at("missing_symbol", "not loadable") + "cannot load: undefined symbol: zoo::defined_nowhere");
  check_broken("missing_library", at("missing_library", "not loadable") + "cannot load: its NEEDED libzoo_absent.so");
  check_broken("throws_in_register", at("throws_in_register", "not loadable") + "its registration failed: the table");
  check_broken("double_name", at("double_name", "not loadable") + "its registration failed: the class name \"Twin\"");
  check_broken("crashes_in_static_init", at("crashes_in_static_init", "crashed") + "it ended with signal 11");
  check_broken("crashes_in_register", at("crashes_in_register", "crashed") + "it ended with signal 6");
}

BOOST_AUTO_TEST_CASE(a_refused_class) {
  Case c;
  BOOST_TEST(c.find("wrong_kind_abi.Fits") != nullptr);
  BOOST_TEST(!c.registry.broken_plugin());
  BOOST_TEST(c.find("wrong_kind_abi.Old", Kind::metric) == nullptr);
  BOOST_TEST(zoo::has(c.problems.text(), "wrong_kind_abi.Old (" + zoo::file("wrong_kind_abi").string() +
                                             ") can't be used: compiled for version 99 of the interface \"metric\""));
  BOOST_TEST(c.registry.broken_plugin());
}

BOOST_AUTO_TEST_CASE(each_use_of_a_broken_library_is_reported_at_its_place) {
  Case c;
  c.find("wrong_torch.A");
  c.registry.find("wrong_torch.B", Kind::network, {"cfg.toml", 20, 3}, "model.network", c.problems);
  BOOST_REQUIRE_EQUAL(c.problems.list().size(), 2U);
  BOOST_TEST(zoo::has(c.problems.text(), "cfg.toml:20:3: [model.network] "));
}

BOOST_AUTO_TEST_SUITE_END()
