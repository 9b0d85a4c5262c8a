#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "dl/kind.h"

namespace dl::host {

/// The two halves of `type = "lib.Class"`: of "X.Y.Class" the library is "X.Y".
struct ClassName {
  std::string library, class_name;
};
/// Nothing where the text is not of that form: two words or more, of letters, digits, '_' and '-', with dots between.
std::optional<ClassName> split_class_name(std::string_view text);

/// "a network", "an optimizer".
std::string with_article(Kind kind);

}  // namespace dl::host
