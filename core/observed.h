#pragma once
/// Stand-ins that `dlhost check` hands to the task: they do what the real ones do, and print what goes through them.
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/shape_trace.h"
#include "dl/loss.h"
#include "dl/network.h"
#include "dl/task.h"

namespace dl::host {

/// Where observed objects report to.
struct Observer {
  ShapeTrace& trace;
  std::function<void(const std::string& line)> print;
  bool layers = false;  ///< print each layer of a network too
};

class ObservedNetwork final : public Network {
 public:
  /// `what`: "network main (vision.SimpleCNN)". The real one becomes a submodule, so that its parameters are found.
  ObservedNetwork(std::string what, std::shared_ptr<Network> network, Observer& observer);
  using Network::forward;
  /// Throws Error that says what it was given and in which operator of which layer it failed.
  Tensors forward(const Tensors& inputs) override;

 private:
  std::string what_;
  std::shared_ptr<Network> network_;
  Observer& observer_;
};

class ObservedLoss final : public Loss {
 public:
  ObservedLoss(std::string what, std::shared_ptr<Loss> loss, Observer& observer);
  Tensor operator()(const Tensor& prediction, const Tensor& target) override;

 private:
  std::string what_;
  std::shared_ptr<Loss> loss_;
  Observer& observer_;
};

/// Observed networks and losses by role, and which of them a task asked for.
class ObservedResources final : public Resources {
 public:
  /// `real`: asked for what is not in the maps, for its error text.
  ObservedResources(std::map<std::string, std::shared_ptr<Network>> networks,
                    std::map<std::string, std::shared_ptr<Loss>> losses, Resources& real);
  Network& network(std::string_view role) override;
  Loss& loss(std::string_view role) override;
  at::Device device() const override { return real_.device(); }
  /// "loss perceptual", … of those that nobody asked for.
  std::vector<std::string> unused() const;

 private:
  std::map<std::string, std::shared_ptr<Network>> networks_;
  std::map<std::string, std::shared_ptr<Loss>> losses_;
  std::map<std::string, bool> asked_;
  Resources& real_;
};

}  // namespace dl::host
