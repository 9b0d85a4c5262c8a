#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "core/safetensors_dtype.h"
#include "core/safetensors_header.h"
#include "dl/error.h"

namespace dl::host {

namespace {

std::string tensor_named(const std::string& name) { return "tensor \"" + name + "\""; }

std::string range(int64_t begin, int64_t end) { return std::to_string(begin) + " to " + std::to_string(end); }

/// Follows the JSON's events through the three levels that the format has and refuses everything else, so that no
/// hostile text makes a deep or large tree.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  SafetensorsHeader header;
  std::string error;

  bool start_object(std::size_t) override {
    if (depth_ == 2) return misplaced("an object");
    if (++depth_ == 2) seen_fields_.clear();
    return true;
  }
  bool end_object() override {
    if (--depth_ == 1 && !in_metadata_) {
      for (const char* field : {"dtype", "shape", "data_offsets"})
        if (!seen_fields_.count(field)) return fail(tensor_named(current_) + " has no \"" + field + "\"");
    }
    in_metadata_ = false;
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ == 1) {
      if (!names_.insert(name).second) return fail("\"" + name + "\" stands there twice");
      current_ = name;
      in_metadata_ = name == "__metadata__";
      if (!in_metadata_) header.tensors.emplace_back().name = name;
      return true;
    }
    field_ = name;
    if (!seen_fields_.insert(name).second) return fail("\"" + name + "\" of \"" + current_ + "\" stands there twice");
    if (!in_metadata_ && name != "dtype" && name != "shape" && name != "data_offsets")
      return fail(tensor_named(current_) + " has an unknown key \"" + name + "\"");
    return true;
  }
  bool string(string_t& text) override {
    if (depth_ != 2 || in_list_) return misplaced("a string");
    if (in_metadata_) {
      header.metadata[field_] = text;
      return true;
    }
    if (field_ != "dtype") return misplaced("a string");
    const auto dtype = find_safetensors_dtype(text);
    if (!dtype)
      return fail(tensor_named(current_) + " has the type \"" + text + "\", which dlhost does not know; known are " +
                  known_safetensors_dtypes());
    header.tensors.back().dtype = *dtype;
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_list_ || in_metadata_ || field_ == "dtype") return misplaced("a list");
    in_list_ = true;
    list_.clear();
    return true;
  }
  bool end_array() override {
    in_list_ = false;
    auto& tensor = header.tensors.back();
    if (field_ == "shape") {
      tensor.shape = list_;
      return true;
    }
    if (list_.size() != 2) return fail(tensor_named(current_) + ": \"data_offsets\" must be two numbers");
    tensor.begin = list_[0];
    tensor.end = list_[1];
    return true;
  }
  bool number_unsigned(number_unsigned_t number) override {
    if (!in_list_) return misplaced("a number");
    if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return fail(tensor_named(current_) + ": the number " + std::to_string(number) + " in \"" + field_ +
                  "\" is too large");
    list_.push_back(static_cast<int64_t>(number));
    return true;
  }
  bool number_integer(number_integer_t number) override {
    return misplaced("the negative number " + std::to_string(number));
  }
  bool number_float(number_float_t, const string_t& text) override { return misplaced("the number " + text); }
  bool null() override { return misplaced("null"); }
  bool boolean(bool) override { return misplaced("a boolean"); }
  bool binary(binary_t&) override { return misplaced("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& e) override {
    if (error.empty()) error = "the header is no JSON: byte " + std::to_string(position) + ": " + e.what();
    return false;
  }

 private:
  bool fail(const std::string& message) {
    error = message;
    return false;
  }
  bool misplaced(const std::string& what) {
    if (depth_ == 0) return fail("the header is " + what + " instead of an object");
    if (depth_ == 1) return fail("\"" + current_ + "\" is " + what + " instead of an object");
    return fail("unexpected " + what + " in \"" + field_ + "\" of \"" + current_ + "\"");
  }

  int depth_ = 0;
  bool in_metadata_ = false, in_list_ = false;
  std::string current_, field_;
  std::vector<int64_t> list_;
  std::unordered_set<std::string> names_, seen_fields_;
};

void check_layout(const SafetensorsHeader& header, int64_t data_bytes, const std::string& file) {
  std::vector<const SafetensorsEntry*> order;
  for (const auto& tensor : header.tensors) {
    const auto bytes = tensor_bytes(tensor.shape, tensor.dtype);
    if (tensor.begin > tensor.end || !bytes || *bytes != tensor.end - tensor.begin)
      throw Error(file + ": " + tensor_named(tensor.name) + " of type " + safetensors_dtype(tensor.dtype) + " needs " +
                  (bytes ? std::to_string(*bytes) : "more than 2^63") + " bytes, but has bytes " +
                  range(tensor.begin, tensor.end));
    order.push_back(&tensor);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  int64_t end = 0;
  const SafetensorsEntry* before = nullptr;
  for (const auto* tensor : order) {
    if (tensor->begin < end)
      throw Error(file + ": bytes " + range(tensor->begin, std::min(end, tensor->end)) + " belong to " +
                  tensor_named(before->name) + " and to " + tensor_named(tensor->name));
    if (tensor->begin > end)
      throw Error(file + ": bytes " + range(end, tensor->begin) + ", before " + tensor_named(tensor->name) +
                  ", belong to no tensor");
    end = tensor->end;
    before = tensor;
  }
  if (end != data_bytes)
    throw Error(file + ": the header describes " + std::to_string(end) + " bytes of tensors, but the file has " +
                std::to_string(data_bytes) + (end > data_bytes ? "; it was cut off" : ""));
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, int64_t data_bytes, const std::string& file) {
  if (json.empty() || json.front() != '{')
    throw Error(file + ": no safetensors file: the header does not start with '{'");
  HeaderReader reader;
  const bool good = nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  if (!good) throw Error(file + ": " + reader.error);
  check_layout(reader.header, data_bytes, file);
  return std::move(reader.header);
}

}  // namespace dl::host
