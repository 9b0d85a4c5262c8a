#include "core/checkpoint_sink.h"

#include <optional>
#include <vector>

#include "core/safetensors_writer.h"

namespace dl::host {

void FolderSink::add(const Files& files, const Visit& visit) {
  struct Writing {
    std::vector<TensorDeclaration> declared;
    std::map<std::string, std::vector<int64_t>> offsets;
    std::optional<SafetensorsWriter> writer;
  };
  std::map<std::string, Writing> writing;
  for (const auto& [file, metadata] : files) writing[file];
  visit([&](const std::string& file, const std::string& name, const Tensor& whole) {
    const auto part = share_.part(whole);
    if (!part) return;
    auto& it = writing.at(file);
    it.declared.push_back({name, whole.scalar_type(), part->tensor.sizes().vec()});
    it.offsets[name] = part->offsets();
  });
  if (share_.writes())
    for (auto& [file, it] : writing)
      it.writer.emplace(folder_ / share_.file_name(file), it.declared, share_.metadata_of(files.at(file), it.offsets));
  visit([&](const std::string& file, const std::string& name, const Tensor& whole) {
    if (const auto part = share_.part(whole)) writing.at(file).writer->write(name, part->tensor);
  });
  for (auto& [file, it] : writing)
    if (it.writer) it.writer->finish();
}

}  // namespace dl::host
