#pragma once
#include <string>

#include "core/plan.h"
#include "core/registry.h"

namespace dl::host {

/// Finds the classes that a config names; what is wrong with a choice goes to the problems.
class ClassChoices {
 public:
  ClassChoices(Registry& registry, Problems& problems) : registry_(registry), problems_(problems) {}

  /// Fills `out` where the table `where` names a class of `kind`, and checks the class's options: false where not.
  /// `choice`: a ClassChoice, or another with `type`, `params` and `place`.
  template <class Choice>
  bool add(const Choice& choice, Kind kind, const std::string& where, PlannedClass& out) {
    return add(choice.type, choice.params, choice.place, kind, where, out);
  }
  /// "of a network class (dlhost list-plugins shows them)".
  static std::string class_of(Kind kind);

 private:
  bool add(const std::string& type, const Value& params, const Place& place, Kind kind, const std::string& where,
           PlannedClass& out);

  Registry& registry_;
  Problems& problems_;
};

}  // namespace dl::host
