#include "core/checkpoint_name.h"

#include <boost/test/unit_test.hpp>

using namespace dl;
using namespace dl::host;

namespace {

std::string wrong(const std::string& form) {
  Problems problems;
  CheckpointName::parse(form, {"c.toml", 3, 12}, problems);
  return problems.text();
}

std::string made(const std::string& form) {
  Problems problems;
  const auto name = CheckpointName::parse(form, {}, problems);
  BOOST_TEST(problems.empty(), problems.text());
  return name.text(2, 1200, {{"val_loss", 0.32444}, {"val_accuracy", 0.5}, {"big", 1e300}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_name)

/// As lightning.pytorch.callbacks.ModelCheckpoint.format_checkpoint_name makes them.
BOOST_AUTO_TEST_CASE(of_lightnings_form) {
  BOOST_TEST(made("") == "step-00001200");
  BOOST_TEST(made("{epoch:02d}-{step}-{val_loss:.3f}") == "epoch=02-step=1200-val_loss=0.324");
  BOOST_TEST(made("net_{epoch}") == "net_epoch=2");
  BOOST_TEST(made("{step:08d}_{val_accuracy:.2e}_{val_loss}") ==
             "step=00001200_val_accuracy=5.00e-01_val_loss=0.32444");
  BOOST_TEST(made("{epoch}.{val_accuracy:6.1f}") == "epoch=2.val_accuracy=---0.5");
  BOOST_TEST(made("newest") == "newest");
  BOOST_TEST(made("{val_f1:.2f}") == "val_f1=nan");
  BOOST_TEST(made("{big:f}").size() == 200U);  // cut, as names of files are
}

BOOST_AUTO_TEST_CASE(what_is_wrong_stands_at_its_place) {
  BOOST_TEST(wrong("{epoch").find("c.toml:3:12: [checkpoint] \"filename\": there is a { without its }") == 0U,
             wrong("{epoch"));
  for (const auto& [form, part] :
       std::vector<std::pair<std::string, std::string>>{{"epoch}", "a } without its {"},
                                                        {"{}", "{} is not of the form"},
                                                        {"{epoch:02x}", "not of the form"},
                                                        {"{val_loss:%n}", "not of the form"},
                                                        {"{val_loss:.3f} {epoch}", "no good name"},
                                                        {"a/{epoch}", "no good name"},
                                                        {"../{epoch}", "no good name"},
                                                        {".{epoch}", "no good name"},
                                                        {std::string(151, 'x'), "150 characters"},
                                                        {"{val_loss:d}", "val_loss is a metric"},
                                                        {"{epoch:.3f}", "epoch is an integer"},
                                                        {"{step:.3}", "no decimals"},
                                                        {"last", "the name of a link"}})
    BOOST_TEST(wrong(form).find(part) != std::string::npos, form << ": " << wrong(form));
}

BOOST_AUTO_TEST_SUITE_END()
