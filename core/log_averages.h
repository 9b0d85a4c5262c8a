#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dl/communicator.h"

namespace dl::host {

struct Average {
  std::string name;
  double mean = 0, weight = 0;
};

/// Weighted means of scalars between two log lines. Adding costs no wait: the values are read when they are reduced.
class LogAverages {
 public:
  /// `value`: a scalar tensor, kept without its graph.
  void add(const std::string& name, const Tensor& value, double weight);
  /// Means over everything added since the last call and over all ranks, by name; all ranks call it, having used the
  /// same names. Throws Error where they have not.
  std::vector<Average> reduce(Communicator& control);
  /// This rank's newest value of `name`, also after a reduce(); NaN where there is none.
  double newest(const std::string& name) const;

 private:
  std::map<std::string, std::vector<std::pair<Tensor, double>>> values_;
  std::map<std::string, Tensor> newest_;
};

}  // namespace dl::host
