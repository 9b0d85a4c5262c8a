#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace mpi {

/// One collective, as messages name it.
struct Call {
  const char* operation = "";
  std::string_view what;  ///< the tensor or the purpose
  int64_t number = 0;     ///< from 1: the same on all ranks
};

/// A call's name in memory that is shared or sent as it lies; cut where it is long.
class CallText {
 public:
  CallText() = default;
  explicit CallText(const Call& call);
  bool empty() const { return number_ == 0; }
  /// As numbered_name() gives it; "none" where it is empty.
  std::string text() const;

 private:
  int64_t number_ = 0;
  char operation_[24]{}, what_[96]{};
};

/// `all_reduce of "gradients"`.
std::string call_name(std::string_view operation, std::string_view what);
/// `all_reduce of "gradients" (call 7)`.
std::string numbered_name(const Call& call);

}  // namespace mpi
