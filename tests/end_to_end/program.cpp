#include "program.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace end_to_end {

int Result::count(const std::string& text) const {
  int found = 0;
  for (auto at = output.find(text); at != std::string::npos; at = output.find(text, at + text.size())) ++found;
  return found;
}

std::filesystem::path Scratch::write(const std::string& name, const std::string& text) const {
  write_text(path() / name, text);
  return path() / name;
}

Result shell(const std::filesystem::path& folder, const std::string& command) {
  Result result;
  const auto start = std::chrono::steady_clock::now();
  std::FILE* pipe = popen(("cd '" + folder.string() + "' && { " + command + "; } 2>&1 </dev/null").c_str(), "r");
  if (!pipe) throw std::runtime_error("popen");
  std::array<char, 4096> buffer{};
  for (size_t read = 0; (read = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    result.output.append(buffer.data(), read);
  const int status = pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

Result dlhost(const std::filesystem::path& folder, const std::string& arguments, int ranks,
              const std::string& environment) {
  std::string command = environment + " ";
  if (ranks > 0) command += "mpirun --oversubscribe -n " + std::to_string(ranks) + " ";
  return shell(folder, command + DLHOST + " " + arguments);
}

std::string small_config() {
  return R"([data]
module = { type = "vision.Synthetic", params = { shape = [1, 8, 8], num_classes = 4, train_size = 384, validation_size = 50, test_size = 70, seed = 3 } }
batch_size = 24
eval_batch_size = 8

[model]
module    = { type = "tasks.ImageClassification" }
network   = { type = "vision.SimpleCNN", params = { num_classes = 4, image_size = 8 } }
optimizer = { type = "torch.SGD", params = { lr = 0.05, momentum = 0.9 } }
scheduler = { type = "torch.ExponentialLR", params = { gamma = 0.9 } }
loss      = { type = "torch.CrossEntropyLoss" }
metrics   = [ { type = "metrics.Accuracy" } ]

[engine]
seed = 1
threads = 1

[train]
num_epochs = 2

[logger]
log_every_n_steps = 1
)";
}

std::map<long, double> journal(const std::filesystem::path& run, const std::string& metric) {
  std::map<long, double> values;
  std::ifstream file(run / "metrics.jsonl");
  for (std::string line; std::getline(file, line);) {
    const auto event = nlohmann::json::parse(line);
    if (!event.contains("metrics") || !event["metrics"].contains(metric)) continue;
    values[event["step"].get<long>()] = event["metrics"][metric].get<double>();
  }
  return values;
}

}  // namespace end_to_end
