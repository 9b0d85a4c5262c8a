#include "core/checkpoint_sink.h"

#include <memory>
#include <vector>

#include "core/safetensors_writer.h"

namespace dl::host {

void FolderSink::add(const std::string& file, const std::map<std::string, std::string>& metadata, const Visit& visit) {
  std::vector<TensorDeclaration> declared;
  visit([&](const std::string& name, const Tensor& whole) {
    declared.push_back({name, whole.scalar_type(), whole.sizes().vec()});
  });
  std::unique_ptr<SafetensorsWriter> writer;
  if (writes_) writer = std::make_unique<SafetensorsWriter>(folder_ / file, declared, metadata);
  visit([&](const std::string& name, const Tensor& whole) {
    if (writer) writer->write(name, whole);
  });
  if (writer) writer->finish();
}

}  // namespace dl::host
