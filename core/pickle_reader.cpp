#include "core/pickle_reader.h"

#include <bit>
#include <cstdio>
#include <cstring>
#include <utility>

#include "dl/error.h"

namespace dl::host {

struct PickleReader::Stack {
  std::vector<PickleValue*> values;
  std::vector<size_t> marks;
  std::map<int64_t, PickleValue*> memo;
};

const PickleValue* PickleValue::find(std::string_view key) const {
  if (kind != Kind::dict) return nullptr;
  for (size_t i = 0; i + 1 < items.size(); i += 2)
    if (items[i]->kind == Kind::text && items[i]->text == key) return items[i + 1];
  return nullptr;
}

PickleReader::PickleReader(const PosixFile& file, int64_t begin, int64_t end, std::set<std::string> allowed)
    : source_(file, begin, end), allowed_(std::move(allowed)) {}

PickleValue* PickleReader::make(Kind kind) {
  values_.emplace_back().kind = kind;
  return &values_.back();
}

PickleValue* PickleReader::make_integer(int64_t value) {
  auto* made = make(Kind::integer);
  made->integer = value;
  return made;
}

PickleValue* PickleReader::make_text(int64_t bytes) {
  const std::string text(source_.take(bytes));
  auto* made = make(Kind::text);
  made->text = text;
  return made;
}

PickleValue* PickleReader::make_long(int64_t bytes) {
  const std::string digits(source_.take(bytes));
  auto* made = make(Kind::integer);
  if (bytes > 8) {
    made->text = digits;
    return made;
  }
  uint64_t value = bytes > 0 && (digits.back() & 0x80) ? ~uint64_t{0} : 0;
  std::memcpy(&value, digits.data(), digits.size());
  made->integer = static_cast<int64_t>(value);
  return made;
}

PickleValue* PickleReader::make_global(const std::string& module, const std::string& name) {
  const auto full = module + " " + name;
  if (!allowed_.count(full))
    fail("it asks for Python's " + module + "." + name +
         ", and this reader takes nothing but tensors, dicts, lists, texts and numbers, and runs no code; "
         "in Python, save the weights alone: torch.save(model.state_dict(), …)");
  auto* made = make(Kind::global);
  made->text = full;
  return made;
}

void PickleReader::append(PickleValue& list, const std::vector<PickleValue*>& items) const {
  if (list.kind != Kind::list) fail("the pickle appends to something that is no list");
  list.items.insert(list.items.end(), items.begin(), items.end());
}

void PickleReader::set_items(PickleValue& dict, const std::vector<PickleValue*>& items) const {
  if (dict.kind != Kind::dict || items.size() % 2 != 0) fail("the pickle sets items of something that is no dict");
  dict.items.insert(dict.items.end(), items.begin(), items.end());
}

namespace {

PickleValue* pop(std::vector<PickleValue*>& values, const std::vector<size_t>& marks) {
  if (values.size() <= (marks.empty() ? 0 : marks.back())) return nullptr;
  auto* value = values.back();
  values.pop_back();
  return value;
}

}  // namespace

/// Opcodes that push a value of their own.
bool PickleReader::push_value(unsigned char code, Stack& stack) {
  const auto push = [&](PickleValue* value) {
    stack.values.push_back(value);
    return true;
  };
  const auto boolean = [&](bool is) {
    auto* made = make(Kind::boolean);
    made->integer = is;
    return push(made);
  };
  const auto real = [&](uint64_t big_endian) {
    auto* made = make(Kind::real);
    made->real = std::bit_cast<double>(__builtin_bswap64(big_endian));
    return push(made);
  };
  switch (code) {
    case 'N':
      return push(make(Kind::none));
    case 0x88:
      return boolean(true);
    case 0x89:
      return boolean(false);
    case 'J':
      return push(make_integer(source_.take_number<int32_t>()));
    case 'K':
      return push(make_integer(source_.take_number<uint8_t>()));
    case 'M':
      return push(make_integer(source_.take_number<uint16_t>()));
    case 0x8a:
      return push(make_long(source_.take_number<uint8_t>()));
    case 'G':
      return real(source_.take_number<uint64_t>());
    case 'X':
    case 'T':
      return push(make_text(source_.take_number<uint32_t>()));
    case 0x8c:
    case 'U':
      return push(make_text(source_.take_number<uint8_t>()));
    case 0x8d:
      return push(make_text(source_.take_number<int64_t>()));
    case '}':
      return push(make(Kind::dict));
    case ']':
      return push(make(Kind::list));
    case ')':
      return push(make(Kind::tuple));
    case 'c': {
      const auto module = source_.take_line();
      return push(make_global(module, source_.take_line()));
    }
    default:
      return false;
  }
}

/// Opcodes that keep the topmost value for later, or push one that was kept.
bool PickleReader::use_memo(unsigned char code, Stack& stack) {
  const auto keep = [&](int64_t index) {
    if (stack.values.empty()) fail("the pickle keeps a value where there is none");
    stack.memo[index] = stack.values.back();
    return true;
  };
  const auto get = [&](int64_t index) {
    const auto found = stack.memo.find(index);
    if (found == stack.memo.end()) fail("the pickle uses a value that it has not kept");
    stack.values.push_back(found->second);
    return true;
  };
  switch (code) {
    case 'q':
      return keep(source_.take_number<uint8_t>());
    case 'r':
      return keep(source_.take_number<uint32_t>());
    case 0x94:
      return keep(static_cast<int64_t>(stack.memo.size()));
    case 'h':
      return get(source_.take_number<uint8_t>());
    case 'j':
      return get(source_.take_number<uint32_t>());
    default:
      return false;
  }
}

/// Replaces the function and its arguments by what the call stands for. Nothing is called.
void PickleReader::call(Stack& stack) {
  auto* arguments = pop(stack.values, stack.marks);
  auto* function = pop(stack.values, stack.marks);
  if (!arguments || !function || arguments->kind != Kind::tuple || function->kind != Kind::global)
    fail("the pickle calls something that is no function");
  constexpr size_t kMostArguments = 16;  // a copy of them is made: a long tuple, used often, would fill the memory
  if (arguments->items.size() > kMostArguments) fail("the pickle calls a function with too many arguments");
  if (function->text == "collections OrderedDict" && arguments->items.empty()) {
    stack.values.push_back(make(Kind::dict));
    return;
  }
  auto* made = make(Kind::call);
  made->text = function->text;
  made->items = arguments->items;
  stack.values.push_back(made);
}

void PickleReader::step(unsigned char code, Stack& stack) {
  const auto top = [&] {
    auto* value = pop(stack.values, stack.marks);
    if (!value) fail("the pickle uses a value where there is none");
    return value;
  };
  const auto since_mark = [&] {
    if (stack.marks.empty()) fail("the pickle uses a mark where there is none");
    const auto first = stack.values.begin() + static_cast<std::ptrdiff_t>(stack.marks.back());
    stack.marks.pop_back();
    std::vector<PickleValue*> items(first, stack.values.end());
    stack.values.erase(first, stack.values.end());
    return items;
  };
  const auto tuple = [&](std::vector<PickleValue*> items) {
    auto* made = make(Kind::tuple);
    made->items = std::move(items);
    stack.values.push_back(made);
  };
  const auto topmost = [&](size_t count) {
    std::vector<PickleValue*> items(count);
    for (size_t i = count; i-- > 0;) items[i] = top();
    return items;
  };
  const auto container = [&]() -> PickleValue& {
    stack.values.push_back(top());
    return *stack.values.back();
  };
  if (push_value(code, stack) || use_memo(code, stack)) return;
  switch (code) {
    case 0x80:
    case 0x95:
      source_.take(code == 0x80 ? 1 : 8);  // the protocol's number, a frame's length
      return;
    case '(':
      stack.marks.push_back(stack.values.size());
      return;
    case 't':
      tuple(since_mark());
      return;
    case 0x85:
      tuple(topmost(1));
      return;
    case 0x86:
      tuple(topmost(2));
      return;
    case 0x87:
      tuple(topmost(3));
      return;
    case 0x93: {
      const auto names = topmost(2);
      if (names[0]->kind != Kind::text || names[1]->kind != Kind::text) fail("a global whose name is no text");
      stack.values.push_back(make_global(names[0]->text, names[1]->text));
      return;
    }
    case 'R':
      call(stack);
      return;
    case 'Q': {
      auto* identity = top();
      if (identity->items.size() > 16) fail("a storage with too many parts");
      auto* made = make(Kind::persistent);
      made->items = identity->items;
      stack.values.push_back(made);
      return;
    }
    case 'a':
    case 'e': {
      const auto items = code == 'a' ? topmost(1) : since_mark();
      append(container(), items);
      return;
    }
    case 's':
    case 'u': {
      const auto items = code == 's' ? topmost(2) : since_mark();
      set_items(container(), items);
      return;
    }
    case 'b':  // attributes of a dict: state_dict()'s _metadata, versions of modules, of no use here
      top();
      if (container().kind != Kind::dict) fail("the pickle sets attributes of something that is no dict");
      return;
    default: {
      char text[8];
      std::snprintf(text, sizeof text, "0x%02x", code);
      fail("the pickle's instruction " + std::string(text) + " is none of those that plain values and tensors need");
    }
  }
}

const PickleValue& PickleReader::read() {
  constexpr unsigned char kProtocol = 0x80, kStop = '.';
  Stack stack;
  auto code = source_.take_number<unsigned char>();
  if (code != kProtocol) fail("no pickle of protocol 2 or later");
  for (; code != kStop; code = source_.take_number<unsigned char>()) step(code, stack);
  if (stack.values.size() != 1 || !stack.marks.empty()) fail("the pickle ends with other than one value");
  return *stack.values.back();
}

}  // namespace dl::host
