#include "image_classification.h"

#include <ATen/ops/argmax.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/softmax.h>

#include <sstream>

#include "dl/error.h"

namespace tasks {
namespace {

const dl::Tensor& labels_of(const dl::Batch& batch) {
  if (batch.fields.size() < 2)
    throw dl::Error("ImageClassification needs images and labels, but a batch of this data has " +
                    std::to_string(batch.fields.size()) + " field(s)");
  return batch[1];
}

double weight_of(const dl::Batch& batch) { return batch.padding ? 0.0 : static_cast<double>(batch.size()); }

}  // namespace

dl::Schema<ImageClassification::Options> ImageClassification::schema() {
  return dl::Schema<Options>("Image classification: images [B, C, H, W] to logits [B, K], labels int64 [B].")
      .field("log_train_accuracy", &Options::log_train_accuracy,
             "also log train_accuracy, of the batches as trained on")
      .needs(dl::Kind::network, "main", "images [B, C, H, W] to logits [B, K]")
      .needs(dl::Kind::loss, "main", "of logits [B, K] and labels int64 [B]");
}

ImageClassification::ImageClassification(const Options& options, dl::Resources& resources)
    : options_(options), network_(resources.network("main")), loss_(resources.loss("main")) {}

dl::Tensor ImageClassification::logits(const dl::Batch& batch) {
  auto logits_BK = network_(batch[0]);
  if (logits_BK.dim() != 2 || logits_BK.size(0) != batch[0].size(0)) {
    std::ostringstream text;
    text << "ImageClassification: the network must give logits [B, K] for images " << batch[0].sizes() << ", found "
         << logits_BK.sizes();
    throw dl::Error(text.str());
  }
  return logits_BK;
}

void ImageClassification::train_step(dl::Step& step) {
  step.update([&](const dl::Batch& batch) {
    const auto& labels_B = labels_of(batch);
    const auto logits_BK = logits(batch);
    const double weight = weight_of(batch);
    if (options_.log_train_accuracy)
      step.log("accuracy", logits_BK.detach().argmax(1).eq(labels_B).to(at::kFloat).mean(), weight);
    return dl::StepLoss{loss_(logits_BK, labels_B), weight};
  });
}

void ImageClassification::eval_step(const dl::Batch& batch, dl::Evaluation& evaluation) {
  const auto& labels_B = labels_of(batch);
  const auto logits_BK = logits(batch);
  evaluation.log("loss", loss_(logits_BK, labels_B), weight_of(batch));
  evaluation.metrics(logits_BK, labels_B);
}

std::vector<dl::NamedTensor> ImageClassification::predict(const dl::Batch& batch) {
  const auto logits_BK = logits(batch);
  const bool half = logits_BK.scalar_type() == at::kBFloat16 || logits_BK.scalar_type() == at::kHalf;
  return {{"probability", at::softmax(logits_BK, 1, half ? at::kFloat : logits_BK.scalar_type())},
          {"class", logits_BK.argmax(1)}};
}

}  // namespace tasks
