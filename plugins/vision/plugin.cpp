#include "dl/plugin.h"

#include "fashion_mnist.h"
#include "mnist.h"
#include "normalize.h"
#include "random_crop.h"
#include "random_horizontal_flip.h"
#include "simple_cnn.h"
#include "synthetic.h"

DL_PLUGIN("vision", "0.1.0", "Image networks, data sets and transforms") {
  using namespace vision;
  r.add<SimpleCNN>("SimpleCNN");
  r.add<MNIST>("MNIST").add<FashionMNIST>("FashionMNIST").add<Synthetic>("Synthetic");
  r.add<Normalize>("Normalize").add<RandomHorizontalFlip>("RandomHorizontalFlip").add<RandomCrop>("RandomCrop");
}
