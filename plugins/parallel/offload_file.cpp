#include "offload_file.h"

#include <ATen/ops/empty.h>
#include <c10/core/StorageImpl.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "bucket.h"
#include "dl/error.h"

namespace parallel {

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kWindow = size_t{1} << 28;

}  // namespace

OffloadFile::OffloadFile(const std::string& folder) : folder_(folder) {
  file_ = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file_ < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {  // a file system without nameless files
    auto name = folder + "/dlhost-offload-XXXXXX";
    file_ = mkostemp(name.data(), O_CLOEXEC);
    if (file_ >= 0) unlink(name.c_str());
  }
  if (file_ < 0)
    throw dl::Error("no file for offloaded tensors can be made in " + folder + ": " + std::strerror(errno));
}

OffloadFile::~OffloadFile() {
  for (const auto& window : windows_) munmap(window.data, window.bytes);
  close(file_);
}

/// The next `bytes` of the file.
void* OffloadFile::map(size_t bytes) {
  if (windows_.empty() || windows_.back().bytes - windows_.back().used < bytes) {
    const size_t all = std::max(kWindow, bytes);  // of which the file has what is in use
    void* data = mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_SHARED, file_, static_cast<off_t>(size_));
    if (data == MAP_FAILED)
      throw dl::Error("offloaded tensors can't be mapped into memory: " + std::string(std::strerror(errno)));
    windows_.push_back({static_cast<char*>(data), all, 0});
  }
  auto& window = windows_.back();
  void* next = window.data + window.used;
  window.used += bytes;
  size_ += bytes;
  return next;
}

dl::Tensor OffloadFile::zeros(int64_t elements, at::ScalarType dtype) {
  const auto bytes = static_cast<size_t>(elements) * c10::elementSize(dtype);
  const size_t mapped = (bytes + kPage) / kPage * kPage;
  // Reserved now: on a full disk a write through the mapping would end the process.
  if (const int error = posix_fallocate(file_, static_cast<off_t>(size_), static_cast<off_t>(mapped)))
    throw dl::Error("no room for " + std::to_string(mapped) + " more bytes of offloaded tensors in " + folder_ + ": " +
                    std::strerror(error));
  void* data = map(mapped);
  at::Storage storage(c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), bytes,
                                                            at::DataPtr(data, at::Device(at::kCPU)), nullptr,
                                                            /*resizable=*/false));
  return at::empty({0}, dtype).set_(std::move(storage), 0, {elements});
}

void OffloadFile::let_go() {
  for (const auto& window : windows_) madvise(window.data, window.used, MADV_DONTNEED);
}

void place_states(dl::Param& param, const std::shared_ptr<OffloadFile>& file) {
  if (!file) return;
  param.make_state = [file](const dl::Tensor& value, const std::string&) {
    return view_like(value, file->zeros(value.numel(), value.scalar_type()), 0);
  };
}

}  // namespace parallel
