#include "dl/plugin.h"

#include "image_classification.h"

DL_PLUGIN("tasks", "0.1.0", "What a training, an evaluation and a prediction step are") {
  r.add<tasks::ImageClassification>("ImageClassification");
}
