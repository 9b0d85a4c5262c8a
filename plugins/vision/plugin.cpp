#include "dl/plugin.h"

#include "cifar10.h"
#include "fashion_mnist.h"
#include "mlp.h"
#include "mnist.h"
#include "normalize.h"
#include "random_crop.h"
#include "random_horizontal_flip.h"
#include "resnet_of_depth.h"
#include "simple_cnn.h"
#include "synthetic.h"

DL_PLUGIN("vision", "0.1.0", "Image networks, data sets and transforms") {
  using namespace vision;
  r.add<SimpleCNN>("SimpleCNN").add<MLP>("MLP");
  r.add<ResNetOfDepth<18>>("ResNet18").add<ResNetOfDepth<34>>("ResNet34").add<ResNetOfDepth<50>>("ResNet50");
  r.add<ResNetOfDepth<101>>("ResNet101").add<ResNetOfDepth<152>>("ResNet152");
  r.add<MNIST>("MNIST").add<FashionMNIST>("FashionMNIST").add<CIFAR10>("CIFAR10").add<Synthetic>("Synthetic");
  r.add<Normalize>("Normalize").add<RandomHorizontalFlip>("RandomHorizontalFlip").add<RandomCrop>("RandomCrop");
}
