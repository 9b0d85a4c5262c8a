#include "mnist.h"

namespace vision {

dl::Schema<MNIST::Options> MNIST::schema() {
  return fields<Options>("Handwritten digits: 60,000 + 10,000 grey images 28 x 28, 10 classes.");
}

MNIST::MNIST(const Options& options, const dl::DataContext& context)
    : MnistFormat({"MNIST", {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}},
                  {"", "put the four files, plain or .gz, into a folder and name it by [data] root"}, options,
                  context) {}

}  // namespace vision
