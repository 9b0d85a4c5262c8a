#include "dl/plugin.h"

#include "adagrad.h"
#include "adam.h"
#include "adamw.h"
#include "bce_with_logits_loss.h"
#include "constant_lr.h"
#include "cosine_annealing_lr.h"
#include "cosine_annealing_warm_restarts.h"
#include "cross_entropy_loss.h"
#include "cyclic_lr.h"
#include "exponential_lr.h"
#include "huber_loss.h"
#include "l1_loss.h"
#include "linear_lr.h"
#include "mse_loss.h"
#include "multi_step_lr.h"
#include "nll_loss.h"
#include "one_cycle_lr.h"
#include "polynomial_lr.h"
#include "reduce_lr_on_plateau.h"
#include "rmsprop.h"
#include "sequential_lr.h"
#include "sgd.h"
#include "smooth_l1_loss.h"
#include "step_lr.h"

DL_PLUGIN("torch", "0.1.0", "PyTorch's optimizers, losses and schedulers, by their names and defaults") {
  using namespace pytorch;
  r.add<SGD>("SGD").add<Adam>("Adam").add<AdamW>("AdamW").add<RMSprop>("RMSprop").add<Adagrad>("Adagrad");
  r.add<CrossEntropyLoss>("CrossEntropyLoss").add<NLLLoss>("NLLLoss").add<BCEWithLogitsLoss>("BCEWithLogitsLoss");
  r.add<MSELoss>("MSELoss").add<L1Loss>("L1Loss").add<SmoothL1Loss>("SmoothL1Loss").add<HuberLoss>("HuberLoss");
  r.add<ExponentialLR>("ExponentialLR").add<StepLR>("StepLR").add<MultiStepLR>("MultiStepLR");
  r.add<CosineAnnealingLR>("CosineAnnealingLR").add<LinearLR>("LinearLR").add<ConstantLR>("ConstantLR");
  r.add<PolynomialLR>("PolynomialLR").add<CosineAnnealingWarmRestarts>("CosineAnnealingWarmRestarts");
  r.add<OneCycleLR>("OneCycleLR").add<CyclicLR>("CyclicLR").add<ReduceLROnPlateau>("ReduceLROnPlateau");
  r.add<SequentialLR>("SequentialLR");
}
