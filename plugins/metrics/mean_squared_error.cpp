#include "mean_squared_error.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/square.h>
#include <ATen/ops/sum.h>

#include <sstream>

#include "dl/error.h"

namespace metrics {

dl::Schema<MeanSquaredError::Options> MeanSquaredError::schema() {
  return dl::Schema<Options>("Mean squared error. Prediction and target of one shape.");
}

dl::Tensor MeanSquaredError::update(const dl::Tensor& prediction, const dl::Tensor& target) const {
  if (prediction.sizes() != target.sizes()) {
    std::ostringstream text;
    text << "MeanSquaredError: prediction and target must have the same shape, found " << prediction.sizes() << " and "
         << target.sizes();
    throw dl::Error(text.str());
  }
  auto state = at::empty({2}, at::kDouble);
  auto* values = state.mutable_data_ptr<double>();
  values[0] = (prediction.to(at::kDouble) - target.to(at::kDouble)).square_().sum().item<double>();
  values[1] = static_cast<double>(target.numel());
  return state;
}

std::vector<std::pair<std::string, double>> MeanSquaredError::compute(const dl::Tensor& total) const {
  const auto* values = total.const_data_ptr<double>();
  return {{"mse", values[0] / values[1]}};
}

}  // namespace metrics
