#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "dl/value.h"

namespace dl {

/// One thing that is wrong with the config.
struct Problem {
  Place place;
  std::string table;    ///< the table it stands in, such as "model.network.params"; may be empty
  std::string message;  ///< what was found, what was expected, the nearest valid name
};

/// Collects everything that is wrong, so that the user sees all of it at once.
class DL_API Problems {
 public:
  void add(Place place, std::string table, std::string message);
  bool empty() const { return list_.empty(); }
  const std::vector<Problem>& list() const { return list_; }
  /// One line a problem: "cfg.toml:12:8: [model.network.params] unknown key …", in the file's order.
  std::string text() const;

 private:
  std::vector<Problem> list_;
};

/// The candidate with the smallest edit distance to `name` (transpositions count once); where none is near, one that
/// contains `name`; or "".
DL_API std::string nearest(std::string_view name, const std::vector<std::string>& candidates);
/// `; did you mean "…"?`, or "" where no candidate is near.
DL_API std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);
/// "a, b, c".
DL_API std::string join(const std::vector<std::string>& words, std::string_view separator = ", ");

}  // namespace dl
