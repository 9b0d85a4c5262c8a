#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/pickle_source.h"

namespace dl::host {

/// One value of a pickle.
struct PickleValue {
  enum class Kind { none, boolean, integer, real, text, list, tuple, dict, global, call, persistent };
  Kind kind = Kind::none;
  int64_t integer = 0;  ///< boolean: 0 or 1
  double real = 0;
  std::string text;                 ///< text; an integer beyond 64 bits: its bytes; global and call: "module name"
  std::vector<PickleValue*> items;  ///< dict: key, value, key, value, …; call: the arguments; persistent: its identity

  /// The value of that key of a dict; null where there is none.
  const PickleValue* find(std::string_view key) const;
};

/// Reads pickles (Python's pickletools.py lists the opcodes, protocols 2 to 5) and runs no code: only plain values, and
/// calls of the functions that `allowed` names, which are kept as they stand ("collections OrderedDict" becomes a
/// dict). Everything else is refused by its name. Safe on hostile input: time and memory are linear in its size. Owns
/// the values.
class PickleReader {
 public:
  /// Reads from byte `begin` of the file, up to `end`. `allowed`: globals, as "module name".
  PickleReader(const PosixFile& file, int64_t begin, int64_t end, std::set<std::string> allowed);

  /// The next pickle. Throws Error with the file and the byte.
  const PickleValue& read();
  /// The byte after the last pickle that was read.
  int64_t position() const { return source_.position(); }

 private:
  using Kind = PickleValue::Kind;
  struct Stack;  // of one pickle

  [[noreturn]] void fail(const std::string& what) const { source_.fail(what); }
  PickleValue* make(Kind kind);
  PickleValue* make_integer(int64_t value);
  PickleValue* make_text(int64_t bytes);
  PickleValue* make_long(int64_t bytes);
  PickleValue* make_global(const std::string& module, const std::string& name);
  void step(unsigned char code, Stack& stack);
  bool push_value(unsigned char code, Stack& stack);
  bool use_memo(unsigned char code, Stack& stack);
  void call(Stack& stack);
  void append(PickleValue& list, const std::vector<PickleValue*>& items) const;
  void set_items(PickleValue& dict, const std::vector<PickleValue*>& items) const;

  PickleSource source_;
  std::set<std::string> allowed_;
  std::deque<PickleValue> values_;
};

}  // namespace dl::host
