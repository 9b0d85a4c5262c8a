#include "fashion_mnist.h"

namespace vision {

dl::Schema<FashionMNIST::Options> FashionMNIST::schema() {
  return fields<Options>("Clothes: 60,000 + 10,000 grey images 28 x 28, 10 classes.");
}

FashionMNIST::FashionMNIST(const Options& options, const dl::DataContext& context)
    : MnistFormat(
          {"FashionMNIST",
           {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}},
          {"/usr/share/datasets/fashion-mnist",
           "apt-get install dataset-fashion-mnist, or name the folder with the four files by [data] root"},
          options, context) {}

}  // namespace vision
