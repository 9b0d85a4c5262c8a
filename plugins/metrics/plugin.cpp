#include "dl/plugin.h"

#include "accuracy.h"
#include "confusion_matrix.h"
#include "mean_squared_error.h"

DL_PLUGIN("metrics", "0.1.0", "Measures of a whole split, exact at any number of ranks") {
  using namespace metrics;
  r.add<Accuracy>("Accuracy").add<ConfusionMatrix>("ConfusionMatrix").add<MeanSquaredError>("MeanSquaredError");
}
