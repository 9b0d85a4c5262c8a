#include "program.h"

namespace end_to_end {

std::string gan_config() {
  return R"([data]
module = { type = "vision.Synthetic", params = { shape = [8], num_classes = 2, train_size = 100, test_size = 10 } }
batch_size = 24
[model]
module = { type = "faulty.Gan" }
[model.networks]
generator     = { type = "faulty.Perceptron", params = { inputs = 4, outputs = 8 } }
discriminator = { type = "faulty.Perceptron" }
[model.optimizers]
generator     = { type = "torch.Adam", params = { lr = 0.01 }, networks = ["generator"] }
discriminator = { type = "torch.Adam", params = { lr = 0.02 }, networks = ["discriminator"] }
[model.schedulers]
generator = { type = "torch.StepLR", params = { step_size = 1, gamma = 0.5 } }
[engine]
precision = 64
[train]
num_epochs = 5
[plugins]
path = [")" TEST_PLUGINS R"("]
[logger]
log_every_n_steps = 1
)";
}

}  // namespace end_to_end
