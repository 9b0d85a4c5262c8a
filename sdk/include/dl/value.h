#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dl/abi.h"

namespace dl {

/// Where a value was written. `line` and `column` count from 1; 0 means unknown (a default, or `--set`).
struct DL_API Place {
  std::string file;
  int line = 0;
  int column = 0;
  /// "cfg.toml:12:8", or the file alone, or "" for a default.
  std::string text() const;
};

struct Entry;

/// A config value that knows where it stands: the whole config is one, and a plugin's `params` is a table of them.
/// Plain data, no TOML library: plugins see the same type as the host.
class DL_API Value {
 public:
  using List = std::vector<Value>;
  using Table = std::vector<Entry>;  ///< in the file's order

  Value();  ///< an empty table
  Value(bool value);
  Value(int value);
  Value(int64_t value);
  Value(double value);
  Value(const char* value);
  Value(std::string value);
  Value(List value);
  Value(Table value);
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&data_);
  }
  template <class T>
  T* get_if() {
    return std::get_if<T>(&data_);
  }
  bool is_table() const { return get_if<Table>() != nullptr; }
  bool is_list() const { return get_if<List>() != nullptr; }

  /// The member named `key` of a table; null where this is no table or has no such key.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  /// The member named `key`, made (as an empty table) where it is missing. Throws Error where this is no table.
  Value& at(std::string_view key);
  bool erase(std::string_view key);

  /// "string", "integer", "float", "boolean", "list" or "table": TOML's words.
  std::string type() const;
  /// The value as TOML on one line: "abc" with its quotes, [1, 2], {a = 1}.
  std::string text() const;

  Place place;

 private:
  std::variant<bool, int64_t, double, std::string, List, Table> data_;
};

/// Same data, wherever it was written; a table's order counts.
DL_API bool operator==(const Value& a, const Value& b);

struct DL_API Entry {
  std::string key;
  Value value;
  Place key_place;
};

}  // namespace dl
