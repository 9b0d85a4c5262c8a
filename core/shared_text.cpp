#include "core/shared_text.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

namespace dl::host {

std::string shared_text(Communicator& control, std::string text, const char* what) {
  if (control.size() == 1) return text;
  auto length = at::tensor({static_cast<int64_t>(text.size())}, at::kLong);
  control.broadcast(length, 0, what);
  auto bytes = at::empty({length.item<int64_t>()}, at::kByte);
  auto* data = bytes.mutable_data_ptr<uint8_t>();
  if (control.rank() == 0) std::copy(text.begin(), text.end(), data);
  control.broadcast(bytes, 0, what);
  return {data, data + bytes.numel()};
}

std::vector<std::string> all_texts(Communicator& control, const std::string& text, const char* what) {
  if (control.size() == 1) return {text};
  const auto length = at::tensor({static_cast<int64_t>(text.size())}, at::kLong);
  const auto lengths = control.all_gather_rows(length, what);
  auto bytes = at::empty({static_cast<int64_t>(text.size())}, at::kByte);
  std::copy(text.begin(), text.end(), bytes.mutable_data_ptr<uint8_t>());
  const auto all = control.all_gather_rows(bytes, what);
  const auto* data = all.const_data_ptr<uint8_t>();
  std::vector<std::string> texts;
  for (int rank = 0; rank < control.size(); ++rank) {
    texts.emplace_back(data, data + lengths.const_data_ptr<int64_t>()[rank]);
    data += texts.back().size();
  }
  return texts;
}

}  // namespace dl::host
