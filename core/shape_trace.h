#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dl::host {

/// While it lives: watches the LibTorch operators of this thread, and so learns the shapes at every layer that has
/// parameters, and which operator an exception came out of. One at a time on a thread. Slow: for checks, not for
/// training.
class ShapeTrace {
 public:
  /// An operator that took parameters, such as linear with fc1.weight and fc1.bias: the layer "fc1".
  struct Layer {
    std::string name, operation, input, output;
  };

  /// `parameters` are known again by their memory, so in a transposed view too.
  explicit ShapeTrace(const std::vector<std::pair<std::string, at::Tensor>>& parameters);
  ~ShapeTrace();
  ShapeTrace(const ShapeTrace&) = delete;
  ShapeTrace& operator=(const ShapeTrace&) = delete;

  /// While it lives, layers are noted: around a network's forward, so that its backward pass is left out.
  class Listen {
   public:
    explicit Listen(ShapeTrace& trace) : trace_(trace) { ++trace_.listening_; }
    ~Listen() { --trace_.listening_; }
    Listen(const Listen&) = delete;
    Listen& operator=(const Listen&) = delete;

   private:
    ShapeTrace& trace_;
  };

  const std::vector<Layer>& layers() const { return layers_; }
  /// The outermost operator that an exception left, with what it was given: "fc1 (addmm), given [2, 1600] float32 and
  /// fc1.weight [64, 3136]".
  /// Empty where none did.
  const std::string& failed() const { return failed_; }

 private:
  struct Operation;  // under way
  static std::unique_ptr<at::ObserverContext> start(const at::RecordFunction& function);
  static void end(const at::RecordFunction& function, at::ObserverContext* context);
  void describe(const at::RecordFunction& function, Operation& operation) const;

  struct Parameter {
    std::string name, shape;
  };
  std::map<const void*, Parameter> parameters_;
  std::vector<Layer> layers_;
  std::string failed_;
  int listening_ = 0;
  int inside_ = 0;  // operators of a layer under way: those within them are no layers of their own
  int exceptions_;
  at::CallbackHandle handle_;
};

}  // namespace dl::host
