#include "core/checkpoint_sink.h"

#include <memory>
#include <vector>

#include "core/safetensors_writer.h"

namespace dl::host {

void FolderSink::add(const std::string& file, const std::map<std::string, std::string>& metadata, const Visit& visit) {
  std::vector<TensorDeclaration> declared;
  std::map<std::string, std::vector<int64_t>> offsets;
  visit([&](const std::string& name, const Tensor& whole) {
    const auto part = share_.part(whole);
    if (!part) return;
    declared.push_back({name, whole.scalar_type(), part->tensor.sizes().vec()});
    offsets[name] = part->offsets();
  });
  std::unique_ptr<SafetensorsWriter> writer;
  if (share_.writes())
    writer = std::make_unique<SafetensorsWriter>(folder_ / share_.file_name(file), declared,
                                                 share_.metadata_of(metadata, offsets));
  visit([&](const std::string& name, const Tensor& whole) {
    if (const auto part = share_.part(whole)) writer->write(name, part->tensor);
  });
  if (writer) writer->finish();
}

}  // namespace dl::host
