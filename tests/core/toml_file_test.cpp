#include "core/toml_file.h"

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "core/errors.h"

using dl::host::parse_toml;
using dl::host::set_value;
using dl::host::to_toml;

namespace {

constexpr const char* kText = R"([data]
batch_size = 64
module = { type = "vision.MNIST" }

[model]
metrics = [ { type = "a.B" }, { type = "c.D" } ]
)";

std::string error_of(const std::string& text) {
  try {
    parse_toml(text, "c.toml");
  } catch (const dl::host::UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(toml_file)

BOOST_AUTO_TEST_CASE(values_know_their_places) {
  const auto config = parse_toml(kText, "c.toml");
  BOOST_TEST(config.find("data")->find("batch_size")->place.text() == "c.toml:2:14");
  BOOST_TEST(config.find("data")->find("module")->find("type")->place.text() == "c.toml:3:19");
  const auto& entries = *config.find("data")->get_if<dl::Value::Table>();
  BOOST_TEST(entries.at(0).key == "batch_size");
  BOOST_TEST(entries.at(0).key_place.text() == "c.toml:2:1");
  BOOST_TEST(entries.at(1).key_place.text() == "c.toml:3:1");
}

BOOST_AUTO_TEST_CASE(syntax_errors_name_line_and_column) {
  BOOST_TEST(error_of("a = 1\n[b]\nx = = 3\n").starts_with("c.toml:3:5: "));
  BOOST_TEST(error_of("[b]\nx = 3\nx = 4\n").find("already exists") != std::string::npos);
  BOOST_TEST(error_of("[b\n").starts_with("c.toml:1:1: "));
  BOOST_TEST(error_of("d = 2026-01-01\n").find("dates and times") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(unreadable_files) {
  BOOST_CHECK_EXCEPTION(dl::host::read_toml("/nonexistent/c.toml"), dl::host::UsageError, [](const auto& error) {
    return std::string(error.what()) == "/nonexistent/c.toml: cannot be read: No such file or directory";
  });
  BOOST_CHECK_EXCEPTION(dl::host::read_toml("/"), dl::host::UsageError, [](const auto& error) {
    return std::string(error.what()).find("is a folder") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(overrides) {
  auto config = parse_toml(kText, "c.toml");
  set_value(config, "data.batch_size=8");
  set_value(config, "model.metrics.1.type=x.Y");
  set_value(config, "model.optimizer.params.betas=[0.5, 0.9]");
  set_value(config, "data.root=some/where");
  set_value(config, "run.name=\"quoted = yes\"");
  BOOST_TEST(*config.find("data")->find("batch_size")->get_if<int64_t>() == 8);
  BOOST_TEST(config.find("model")->find("metrics")->text() == R"([{ type = "a.B" }, { type = "x.Y" }])");
  BOOST_TEST(config.find("model")->find("optimizer")->text() == "{ params = { betas = [0.5, 0.9] } }");
  BOOST_TEST(config.find("data")->find("root")->text() == "\"some/where\"");
  BOOST_TEST(config.find("run")->find("name")->text() == "\"quoted = yes\"");
  BOOST_TEST(config.find("data")->find("batch_size")->place.text() == "--set data.batch_size");
}

BOOST_AUTO_TEST_CASE(wrong_overrides) {
  auto config = parse_toml(kText, "c.toml");
  for (const char* wrong : {"data", "=3", "data.batch_size.x=3", "model.metrics.2.type=x", "model.metrics.x=3"})
    BOOST_CHECK_THROW(set_value(config, wrong), dl::host::UsageError);
}

BOOST_AUTO_TEST_CASE(written_toml_reads_back_the_same) {
  auto config = parse_toml(kText, "c.toml");
  set_value(config, "top=1e-8");
  set_value(config, "data.deep={ a = { \"b c\" = [1, 2.0, \"x\\ny\"] } }");
  const auto text = to_toml(config);
  const auto again = parse_toml(text, "d.toml");
  BOOST_TEST(to_toml(again) == text);
  BOOST_TEST((*again.find("data") == *config.find("data")));
  BOOST_TEST(*again.find("top")->get_if<double>() == 1e-8);
}

BOOST_AUTO_TEST_SUITE_END()
