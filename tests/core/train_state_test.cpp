#include "core/train_state.h"

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "dl/error.h"

using namespace dl::host;
using Json = nlohmann::ordered_json;

namespace {

std::vector<OptimizerSlot> slots(const std::string& name) {
  std::vector<OptimizerSlot> out(1);
  out[0].name = name;
  return out;
}

std::string error_of(const Json& json, const std::string& optimizer) {
  auto optimizers = slots(optimizer);
  try {
    TrainState::from_json(json, "r/state.json", optimizers);
  } catch (const dl::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(train_state)

BOOST_AUTO_TEST_CASE(comes_back_as_it_was) {
  auto optimizers = slots("main");
  optimizers[0].updates = 11;
  optimizers[0].scheduler_state = {1.5, 2};
  TrainState state;
  state.at.step = 12;
  state.at.epoch = 3;
  state.samples_done = 48;
  state.seconds = 0.1;
  state.epoch_sums["train_loss"] = {"train_loss", 1.0 / 3, 24};
  state.early_stopping = {{"waited", 2}};
  state.best = Json::array({{{"checkpoint", "step-1"}, {"value", 0.1}}});
  state.averaged = 5;
  state.skipped = 1;
  state.loss_scale = {0x1p20, 17};
  const auto text = state.to_json(optimizers).dump();

  auto others = slots("main");
  const auto again = TrainState::from_json(Json::parse(text), "x", others);
  BOOST_TEST(again.to_json(others).dump() == text);
  BOOST_TEST(others[0].updates == 11);
  BOOST_TEST(again.loss_scale->scale == 0x1p20);
  BOOST_TEST(again.loss_scale->growth_tracker == 17);
  BOOST_TEST(again.epoch_sums.at("train_loss").mean == 1.0 / 3);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  auto optimizers = slots("main");
  const auto json = TrainState().to_json(optimizers);
  BOOST_TEST(error_of(json, "main") == "");
  BOOST_TEST(error_of(json, "generator").find("r/state.json: the run had no optimizer \"generator\"") == 0U);
  BOOST_TEST(error_of(Json::object(), "main").find("r/state.json: not the state of a training") == 0U);
  BOOST_TEST(error_of(Json::parse("{", nullptr, false), "main").find("r/state.json: not the state of a training") ==
             0U);
}

BOOST_AUTO_TEST_CASE(a_loss_scale_that_can_not_be_is_refused) {
  auto optimizers = slots("main");
  auto json = TrainState().to_json(optimizers);
  BOOST_TEST(!json.contains("loss_scale"));
  const auto error = [&](const Json& scale, int64_t tracker = 0) {
    json["loss_scale"] = {{"scale", scale}, {"growth_tracker", tracker}};
    return error_of(Json::parse(json.dump()), "main");
  };
  BOOST_TEST(error(65536.0) == "");
  BOOST_TEST(error(4) == "");
  for (const Json& scale : {Json(0.0), Json(-2.0), Json(std::nan("")), Json(HUGE_VAL), Json(1e300), Json("x")})
    BOOST_TEST(error(scale).starts_with("r/state.json: the loss scale is "), scale.dump());
  BOOST_TEST(
      error(-2.0).find("the loss scale is -2.0, with a growth_tracker of 0; it must be a finite number above 0") !=
      std::string::npos);
  BOOST_TEST(error(4, -1).find("growth_tracker of -1") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
