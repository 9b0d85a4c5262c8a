#include "dl/plugin.h"

#include "adam.h"
#include "adamw.h"
#include "bce_with_logits_loss.h"
#include "constant_lr.h"
#include "cosine_annealing_lr.h"
#include "cross_entropy_loss.h"
#include "exponential_lr.h"
#include "huber_loss.h"
#include "l1_loss.h"
#include "linear_lr.h"
#include "mse_loss.h"
#include "multi_step_lr.h"
#include "nll_loss.h"
#include "polynomial_lr.h"
#include "sgd.h"
#include "smooth_l1_loss.h"
#include "step_lr.h"

DL_PLUGIN("torch", "0.1.0", "PyTorch's optimizers, losses and schedulers, by their names and defaults") {
  using namespace pytorch;
  r.add<SGD>("SGD").add<Adam>("Adam").add<AdamW>("AdamW");
  r.add<CrossEntropyLoss>("CrossEntropyLoss").add<NLLLoss>("NLLLoss").add<BCEWithLogitsLoss>("BCEWithLogitsLoss");
  r.add<MSELoss>("MSELoss").add<L1Loss>("L1Loss").add<SmoothL1Loss>("SmoothL1Loss").add<HuberLoss>("HuberLoss");
  r.add<ExponentialLR>("ExponentialLR").add<StepLR>("StepLR").add<MultiStepLR>("MultiStepLR");
  r.add<CosineAnnealingLR>("CosineAnnealingLR").add<LinearLR>("LinearLR").add<ConstantLR>("ConstantLR");
  r.add<PolynomialLR>("PolynomialLR");
}
