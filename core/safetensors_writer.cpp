#include "core/safetensors_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "dl/error.h"

namespace dl::host {

namespace {

std::string shape_text(at::IntArrayRef shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::string kind_text(c10::ScalarType dtype, at::IntArrayRef shape) {
  return std::string(c10::toString(dtype)) + " " + shape_text(shape);
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path, const std::vector<TensorDeclaration>& tensors,
                                     std::map<std::string, std::string> metadata)
    : path_(path), written_(tensors.size()) {
  header_.metadata = std::move(metadata);
  for (const auto& tensor : tensors) {
    index_[tensor.name] = header_.tensors.size();
    header_.tensors.push_back({.name = tensor.name, .dtype = tensor.dtype, .shape = tensor.shape});
  }
  std::string text;
  try {
    lay_out(header_.tensors);
    text = format_safetensors_header(header_);
  } catch (const Error& e) {
    throw Error("cannot write " + path_.string() + ": " + e.what());
  }
  file_ = PosixFile::open(path_, O_RDWR | O_CREAT | O_TRUNC);
  try {
    file_->write_all(text);
  } catch (...) {
    ::unlink(path_.c_str());
    throw;
  }
  data_start_ = static_cast<int64_t>(text.size());
}

SafetensorsWriter::~SafetensorsWriter() {
  if (file_) ::unlink(path_.c_str());
}

void SafetensorsWriter::write(const std::string& name, const Tensor& tensor) {
  const auto fail = [&](const std::string& what) {
    throw Error("cannot write " + path_.string() + ": tensor \"" + name + "\" " + what);
  };
  const auto found = index_.find(name);
  if (found == index_.end()) fail("was not declared");
  if (written_[found->second]) fail("was written before");
  const auto& entry = header_.tensors[found->second];
  if (!tensor.defined()) fail("is undefined");
  if (tensor.scalar_type() != entry.dtype || tensor.sizes() != at::IntArrayRef(entry.shape))
    fail("is " + kind_text(tensor.scalar_type(), tensor.sizes()) + ", but was declared as " +
         kind_text(entry.dtype, entry.shape));

  // Lazy conjugate and negative views hold other bytes than their values.
  const Tensor dense = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous();
  file_->write_at(dense.const_data_ptr(), static_cast<std::size_t>(entry.end - entry.begin), data_start_ + entry.begin);
  written_[found->second] = true;
}

void SafetensorsWriter::finish() {
  for (std::size_t i = 0; i < written_.size(); ++i)
    if (!written_[i])
      throw Error("cannot write " + path_.string() + ": tensor \"" + header_.tensors[i].name +
                  "\" was declared, but not written");
  file_->sync();
  file_->close();
  file_.reset();
}

}  // namespace dl::host
