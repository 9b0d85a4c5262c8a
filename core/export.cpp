#include "core/export.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/atomic_file.h"
#include "core/checkpoint_manifest.h"
#include "core/checkpoint_search.h"
#include "core/checkpoint_tensors.h"
#include "core/errors.h"
#include "core/export_torchscript.h"
#include "core/posix_file.h"
#include "core/safetensors_writer.h"
#include "core/shard_name.h"
#include "core/torch_writer.h"
#include "dl/problems.h"

namespace dl::host {

namespace fs = std::filesystem;

namespace {

/// Networks whose weights the checkpoint has, with their files.
std::map<std::string, std::string> networks_in(const fs::path& checkpoint) {
  const std::string begin = "model.", end = ".safetensors";
  std::map<std::string, std::string> networks;
  for (const auto& [listed, unused] : CheckpointManifest::read(checkpoint).files) {
    const auto shard = parse_shard_name(listed);
    const auto& file = shard ? shard->file : listed;
    if (file == "model.safetensors") networks["main"] = file;
    if (file.starts_with(begin) && file.ends_with(end) && file.size() > begin.size() + end.size() - 1)
      networks[file.substr(begin.size(), file.size() - begin.size() - end.size())] = file;
  }
  return networks;
}

std::pair<std::string, std::string> chosen_network(const fs::path& checkpoint, const std::string& wanted) {
  const auto networks = networks_in(checkpoint);
  std::vector<std::string> names;
  for (const auto& [name, unused] : networks) names.push_back(name);
  if (wanted.empty() && networks.size() == 1) return *networks.begin();
  if (wanted.empty())
    throw UsageError(checkpoint.string() + " has the networks " + join(names) + ": choose one by --network NAME");
  const auto found = networks.find(wanted);
  if (found == networks.end())
    throw UsageError(checkpoint.string() + " has no network \"" + wanted + "\"" + did_you_mean(wanted, names) +
                     " (it has: " + join(names) + ")");
  return *found;
}

std::string chosen_format(const ExportArguments& arguments) {
  const auto& format = arguments.format;
  if (format.empty()) return arguments.out.ends_with(".pt") || arguments.out.ends_with(".pth") ? "pt" : "safetensors";
  const std::vector<std::string> known = {"safetensors", "pt", "torchscript"};
  if (std::find(known.begin(), known.end(), format) == known.end())
    throw UsageError("--format " + format + ": there are " + join(known) + did_you_mean(format, known));
  return format;
}

/// How many updates the average has that the weights are; 0: they are the trained ones.
int64_t averaged_updates(const fs::path& checkpoint) {
  const auto json = nlohmann::json::parse(read_whole_file(checkpoint / "state.json"), nullptr, false);
  const auto found = json.is_object() ? json.find("weight_average") : json.end();
  return found != json.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

void write_safetensors_of(const fs::path& path, const CheckpointTensors& from,
                          const std::map<std::string, std::string>& aliases) {
  std::vector<TensorDeclaration> declared;
  for (const auto& tensor : from.tensors()) declared.push_back({tensor.name, tensor.dtype, tensor.shape});
  for (const auto& [alias, name] : aliases) declared.push_back({alias, from.entry(name).dtype, from.entry(name).shape});
  SafetensorsWriter writer(path, declared, {{"format", "pt"}});
  for (const auto& tensor : from.tensors()) writer.write(tensor.name, from.read(tensor.name));
  for (const auto& [alias, name] : aliases) writer.write(alias, from.read(name));
  writer.finish();
}

void write_pt_of(const fs::path& path, const CheckpointTensors& from,
                 const std::map<std::string, std::string>& aliases) {
  write_torch_file(path, from.tensors(), aliases, [&](const std::string& name) { return from.read(name); });
}

UsageError exists_error(const fs::path& path) {
  return UsageError(path.string() + " exists already and is not replaced; remove it, or name another file by --out");
}

/// Never over a file that is there.
void rename_to_new(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  const int reason = errno;
  if ((reason == EINVAL || reason == ENOSYS) && !fs::exists(fs::symlink_status(to)) &&
      ::rename(from.c_str(), to.c_str()) == 0)
    return;
  ::unlink(from.c_str());
  if (reason == EEXIST || fs::exists(fs::symlink_status(to))) throw exists_error(to);
  throw file_error("create", to, reason);
}

}  // namespace

int export_weights(const ExportArguments& arguments, std::ostream& out) {
  const auto format = chosen_format(arguments);
  const auto checkpoint = resolve_checkpoint(arguments.checkpoint);
  const auto [network, file] = chosen_network(checkpoint, arguments.network);
  const fs::path path = arguments.out.empty() ? fs::path((network == "main" ? "model" : network) + "." + format)
                                              : fs::path(arguments.out);
  if (fs::exists(fs::symlink_status(path))) throw exists_error(path);
  verify_checkpoint(checkpoint);
  const auto averaged = averaged_updates(checkpoint);
  if (arguments.average && averaged == 0)
    throw UsageError(checkpoint.string() + " has no average of the weights ([train] ema or swa); without --average " +
                     "the trained ones are exported");

  const CheckpointTensors from(checkpoint, file);
  std::map<std::string, std::string> aliases;
  for (const auto& [alias, name] : from.metadata())
    if (alias != "format" && from.contains(name) && !from.contains(alias)) aliases[alias] = name;
  const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const auto temporary = folder / ("." + path.filename().string() + ".tmp-" + std::to_string(::getpid()));
  if (format == "torchscript")
    export_torchscript(temporary, arguments, checkpoint, network);
  else if (format == "pt")
    write_pt_of(temporary, from, aliases);
  else
    write_safetensors_of(temporary, from, aliases);
  rename_to_new(temporary, path);
  sync_folder(folder);
  out << path.string() << ": " << from.tensors().size() + aliases.size() << " tensors of the network " << network
      << (averaged > 0 ? ", the average of its weights" : "") << ", " << fs::file_size(path) << " bytes\n";
  return kDone;
}

}  // namespace dl::host
