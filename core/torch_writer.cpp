#include "core/torch_writer.h"

#include <caffe2/serialize/inline_container.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

#include "core/posix_file.h"
#include "core/torch_storage.h"
#include "dl/error.h"

namespace dl::host {
namespace {

/// The few opcodes of protocol 2 that a state_dict needs (Python's pickletools.py).
class Pickle {
 public:
  Pickle() : text_("\x80\x02") {}
  void op(char code) { text_ += code; }
  void global(const std::string& module, const std::string& name) { text_ += "c" + module + "\n" + name + "\n"; }
  void text(const std::string& value) {
    text_ += 'X';
    little_endian(value.size(), 4);
    text_ += value;
  }
  void integer(int64_t value) {
    if (value >= 0 && value < int64_t{1} << 31) {
      text_ += 'J';
      little_endian(static_cast<uint64_t>(value), 4);
    } else {
      text_ += "\x8a\x08";
      little_endian(static_cast<uint64_t>(value), 8);
    }
  }
  void tuple(const std::vector<int64_t>& values) {
    op('(');
    for (const auto value : values) integer(value);
    op('t');
  }
  void empty_ordered_dict() {
    global("collections", "OrderedDict");
    text_ += ")R";
  }
  const std::string& bytes() const { return text_; }

 private:
  void little_endian(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text_ += static_cast<char>(value >> (8 * i));
  }
  std::string text_;
};

/// torch/_utils.py: _rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks); the
/// storage by its persistent identity.
void add_tensor(Pickle& pickle, const StoredTensor& tensor, const std::string& key) {
  int64_t numel = 1;
  for (const auto size : tensor.shape) numel *= size;
  std::vector<int64_t> strides(tensor.shape.size());
  int64_t stride = 1;
  for (size_t i = strides.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= std::max<int64_t>(tensor.shape[i], 1);
  }
  pickle.global("torch._utils", "_rebuild_tensor_v2");
  pickle.op('(');
  pickle.op('(');
  pickle.text("storage");
  pickle.global("torch", torch_storage_name(tensor.dtype));
  pickle.text(key);
  pickle.text("cpu");
  pickle.integer(numel);
  pickle.op('t');
  pickle.op('Q');
  pickle.integer(0);
  pickle.tuple(tensor.shape);
  pickle.tuple(strides);
  pickle.op('\x89');  // False
  pickle.empty_ordered_dict();
  pickle.op('t');
  pickle.op('R');
}

std::string state_dict_pickle(const std::vector<StoredTensor>& tensors,
                              const std::map<std::string, std::string>& aliases) {
  Pickle pickle;
  pickle.empty_ordered_dict();
  pickle.op('(');
  for (size_t i = 0; i < tensors.size(); ++i) {
    pickle.text(tensors[i].name);
    add_tensor(pickle, tensors[i], std::to_string(i));
    for (const auto& [alias, name] : aliases)
      if (name == tensors[i].name) {
        pickle.text(alias);
        add_tensor(pickle, tensors[i], std::to_string(i));
      }
  }
  pickle.op('u');
  pickle.op('.');
  return pickle.bytes();
}

}  // namespace

void write_torch_file(const std::filesystem::path& path, const std::vector<StoredTensor>& tensors,
                      const std::map<std::string, std::string>& aliases,
                      const std::function<Tensor(const std::string&)>& read) {
  const auto pickle = state_dict_pickle(tensors, aliases);
  auto file = PosixFile::open(path, O_RDWR | O_CREAT | O_TRUNC);
  try {
    // PyTorch's writer must not see an exception, nor a failure, which it would throw on from its destructor.
    std::exception_ptr failure;
    caffe2::serialize::PyTorchStreamWriter writer([&](const void* data, size_t bytes) {
      try {
        if (!failure) file.write_all(data, bytes);
      } catch (...) {
        failure = std::current_exception();
      }
      return bytes;
    });
    const auto check = [&] {
      if (failure) std::rethrow_exception(failure);
    };
    writer.writeRecord("data.pkl", pickle.data(), pickle.size());
    const std::string order = "little";
    writer.writeRecord("byteorder", order.data(), order.size());
    for (size_t i = 0; i < tensors.size(); ++i) {
      check();
      const auto tensor = read(tensors[i].name);
      writer.writeRecord("data/" + std::to_string(i), tensor.const_data_ptr(), tensor.nbytes());
    }
    writer.writeEndOfFile();
    check();
    file.sync();
    file.close();
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
}

}  // namespace dl::host
