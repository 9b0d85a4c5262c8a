#pragma once
/// A class's options, declared once: the struct's member initialisers are the defaults, the schema names each member.
/// The checks, `dlhost inspect`, the error texts and the docs come from it. The host reads its own tables
/// ([train], [engine], …) with the same class.
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "dl/error.h"
#include "dl/kind.h"
#include "dl/problems.h"
#include "dl/value.h"

namespace dl {

/// What a Check allows, for editors and the reference. Nothing is set where only the check's text can say it.
struct Limits {
  std::optional<double> low, high;
  bool above = false;              ///< `low` itself is not allowed
  std::vector<std::string> words;  ///< nothing else is allowed
};

/// An option as `inspect` shows it.
struct Field {
  std::string name, type, doc, range;
  Value fallback;              ///< the default, as written in TOML
  bool optional = false;       ///< has no default: left out means "not set"
  std::vector<Field> members;  ///< of a nested table
  Limits limits;               ///< what `range` says in words; of each element of a list
};

/// Something that a class expects the config to provide beside it, such as a network named "generator".
struct Role {
  Kind kind;
  std::string name, doc;
};

/// A condition on a value; on a list it holds for each element. `text` completes "must be …".
struct Check {
  std::string text;
  std::function<bool(const Value&)> holds;
  Limits limits;
};
DL_API Check at_least(double low);
DL_API Check greater_than(double low);
DL_API Check between(double low, double high);  ///< both ends included
DL_API Check one_of(std::vector<std::string> words);

namespace detail {

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
std::string type_name() {
  if constexpr (std::is_same_v<T, Value>)
    return "any";
  else if constexpr (std::is_same_v<T, bool>)
    return "boolean";
  else if constexpr (std::is_integral_v<T>)
    return "integer";
  else if constexpr (std::is_floating_point_v<T>)
    return "float";
  else if constexpr (std::is_same_v<T, std::string>)
    return "string";
  else if constexpr (is_vector<T>)
    return "list of " + type_name<typename T::value_type>();
  else if constexpr (is_optional<T>)
    return type_name<typename T::value_type>();
  else
    return "table";
}

DL_API void wrong_type(const Value& value, const std::string& key, const std::string& where,
                       const std::string& expected, Problems& problems);
DL_API void no_table(const Value& value, const std::string& where, const std::vector<Field>& fields,
                     Problems& problems);
DL_API void failed_check(const Value& value, const std::string& key, const std::string& where, const Check& check,
                         Problems& problems);
DL_API void unknown_key(const Entry& entry, const std::string& where, const std::vector<Field>& fields,
                        Problems& problems);
DL_API bool holds(const Check& check, const Value& value);

/// Reads `value` into `out`; a problem leaves `out` as it was. An integer is accepted where a float is expected.
template <class T>
void read_value(const Value& value, const std::string& key, const std::string& where, T& out, Problems& problems) {
  if constexpr (std::is_same_v<T, Value>) {
    out = value;
  } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
    if (const auto* held = value.get_if<T>())
      out = *held;
    else
      wrong_type(value, key, where, type_name<T>(), problems);
  } else if constexpr (std::is_integral_v<T>) {
    if (const auto* held = value.get_if<int64_t>(); held && std::in_range<T>(*held))
      out = static_cast<T>(*held);
    else
      wrong_type(value, key, where, type_name<T>(), problems);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (const auto* real = value.get_if<double>())
      out = static_cast<T>(*real);
    else if (const auto* whole = value.get_if<int64_t>())
      out = static_cast<T>(*whole);
    else
      wrong_type(value, key, where, type_name<T>(), problems);
  } else if constexpr (is_vector<T>) {
    const auto* list = value.get_if<Value::List>();
    if (!list) return wrong_type(value, key, where, type_name<T>(), problems);
    T result;
    for (const auto& element : *list) {
      typename T::value_type item{};
      read_value(element, key, where, item, problems);
      result.push_back(std::move(item));
    }
    out = std::move(result);
  } else if constexpr (is_optional<T>) {
    typename T::value_type item{};
    read_value(value, key, where, item, problems);
    out = std::move(item);
  } else {
    out = T::schema().read(value, where.empty() ? key : where + "." + key, problems);
    if constexpr (requires { out.place = value.place; }) {
      const auto* type = value.find("type");
      out.place = type ? type->place : value.place;
    }
  }
}

/// The value as the config would write it: for the defaults that `inspect` shows.
template <class T>
Value to_value(const T& held) {
  if constexpr (std::is_same_v<T, Value> || std::is_same_v<T, bool> || std::is_same_v<T, std::string>)
    return Value(held);
  else if constexpr (std::is_integral_v<T>)
    return Value(static_cast<int64_t>(held));
  else if constexpr (std::is_floating_point_v<T>)
    return Value(static_cast<double>(held));
  else if constexpr (is_vector<T>) {
    Value::List list;
    for (const auto& item : held) list.push_back(to_value(item));
    return Value(std::move(list));
  } else if constexpr (is_optional<T>)
    return held ? to_value(*held) : Value();
  else
    return Value();
}

template <class T>
std::vector<Field> member_fields() {
  if constexpr (std::is_class_v<T> && requires { T::schema().fields(); })
    return T::schema().fields();
  else if constexpr (is_optional<T> || is_vector<T>)
    return member_fields<typename T::value_type>();
  else
    return {};
}

}  // namespace detail

/// `Schema<Options>("what the class is").field("width", &Options::width, "features", at_least(1))`.
/// Members may be bool, integers, floats, strings, lists of these, std::optional of these (no default), Value (any
/// TOML value) and structs with a schema of their own (a nested table; a member `Place place` of it is told where its
/// `type`, or else the table, stands).
template <class Options>
class Schema {
 public:
  explicit Schema(std::string doc) : doc_(std::move(doc)) {}

  template <class T>
  Schema& field(std::string name, T Options::*member, std::string doc, std::optional<Check> check = {}) {
    const Options defaults{};
    fields_.push_back({name, detail::type_name<T>(), std::move(doc), check ? check->text : "",
                       detail::to_value(defaults.*member), detail::is_optional<T>, detail::member_fields<T>(),
                       check ? check->limits : Limits{}});
    readers_.push_back(
        [member, name, check](Options& options, const Value& value, const std::string& where, Problems& problems) {
          const auto before = problems.list().size();
          detail::read_value(value, name, where, options.*member, problems);
          if (check && problems.list().size() == before && !detail::holds(*check, value))
            detail::failed_check(value, name, where, *check, problems);
        });
    return *this;
  }
  /// The class finds an object of `kind` under `name` in its context; the host refuses a config without one.
  Schema& needs(Kind kind, std::string name, std::string doc = "") {
    roles_.push_back({kind, std::move(name), std::move(doc)});
    return *this;
  }

  /// The defaults, overlaid with `table`. Every unknown key, wrong type and failed check is added to `problems`;
  /// `where` is the table's name in messages.
  Options read(const Value& table, const std::string& where, Problems& problems) const {
    Options options{};
    const auto* entries = table.get_if<Value::Table>();
    if (!entries) {
      detail::no_table(table, where, fields_, problems);
      return options;
    }
    for (const auto& entry : *entries) {
      size_t i = 0;
      while (i < fields_.size() && fields_[i].name != entry.key) ++i;
      if (i < fields_.size())
        readers_[i](options, entry.value, where, problems);
      else
        detail::unknown_key(entry, where, fields_, problems);
    }
    return options;
  }
  const std::string& doc() const { return doc_; }
  const std::vector<Field>& fields() const { return fields_; }
  const std::vector<Role>& roles() const { return roles_; }

 private:
  using Reader = std::function<void(Options&, const Value&, const std::string& where, Problems&)>;
  std::string doc_;
  std::vector<Field> fields_;
  std::vector<Role> roles_;
  std::vector<Reader> readers_;
};

/// The options of a class that has none.
struct NoOptions {};

}  // namespace dl
