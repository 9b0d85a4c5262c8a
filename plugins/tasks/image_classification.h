#pragma once
#include "dl/schema.h"
#include "dl/task.h"

namespace tasks {

/// One network from images to logits, one loss. Batch: images floating [B, C, H, W], labels int64 [B]; network: images
/// to logits [B, K]. Predictions: "probability" [B, K] (softmax; float32 at least) and "class" int64 [B].
class ImageClassification : public dl::Task {
 public:
  struct Options {
    bool log_train_accuracy = false;
  };
  static dl::Schema<Options> schema();
  ImageClassification(const Options& options, dl::Resources& resources);

  void train_step(dl::Step& step) override;
  void eval_step(const dl::Batch& batch, dl::Evaluation& evaluation) override;
  std::vector<dl::NamedTensor> predict(const dl::Batch& batch) override;

 private:
  /// [B, K], checked. Throws Error on a network of another kind.
  dl::Tensor logits(const dl::Batch& batch);

  Options options_;
  dl::Network& network_;
  dl::Loss& loss_;
};

}  // namespace tasks
