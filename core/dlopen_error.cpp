#include "core/dlopen_error.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "dl/problems.h"

namespace dl::host {
namespace {

constexpr std::string_view kUndefined = ": undefined symbol: ";
constexpr std::string_view kMissing = ": cannot open shared object file: No such file or directory";

std::string demangled(const std::string& symbol) {
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, nullptr),
                                                         &std::free);
  if (!name) return symbol;
  std::string text = name.get();
  constexpr std::string_view kString =
      "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
  for (size_t at = 0; (at = text.find(kString, at)) != std::string::npos;)
    text.replace(at, kString.size(), "std::string");
  return text;
}

}  // namespace

std::string describe_dlopen_error(const std::string& message, const std::string& file,
                                  const std::vector<std::string>& needed) {
  if (const auto at = message.find(kUndefined); at != std::string::npos) {
    const auto begin = at + kUndefined.size(), end = std::min(message.find_first_of(", ", begin), message.size());
    const auto who = message.substr(0, at);
    return "undefined symbol: " + demangled(message.substr(begin, end - begin)) + message.substr(end) +
           (who == file ? "" : ", wanted by " + who) +
           "; link the library that defines it, or rebuild against this dlhost's SDK";
  }
  if (message.ends_with(kMissing)) {
    const auto library = message.substr(0, message.size() - kMissing.size());
    const std::string remedy = " is not found; put its folder into the plugin's RPATH or into LD_LIBRARY_PATH";
    if (std::find(needed.begin(), needed.end(), library) != needed.end()) return "its NEEDED " + library + remedy;
    return library + ", needed by one of its libraries (" + join(needed) + ")," + remedy;
  }
  return message;
}

}  // namespace dl::host
