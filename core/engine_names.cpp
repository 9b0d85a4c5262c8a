#include "core/engine_names.h"

namespace dl::host {

const std::map<std::string, std::string>& backend_classes() {
  static const std::map<std::string, std::string> kClasses = {{"ddp", "parallel.DDP"},
                                                              {"deepspeed_stage_1", "parallel.ZeRO1"},
                                                              {"deepspeed_stage_2", "parallel.ZeRO2"},
                                                              {"deepspeed_stage_3", "parallel.ZeRO3"}};
  return kClasses;
}

std::vector<std::string> backend_names() {
  std::vector<std::string> out;
  for (const auto& [name, type] : backend_classes()) out.push_back(name);
  return out;
}

std::string default_communicator(bool by_mpirun, bool gpus) {
  return !by_mpirun ? "self" : gpus ? "nccl.Communicator" : "mpi.Communicator";
}

std::string build_hint(const std::string& type) {
  return type.starts_with("nccl.")
             ? " (the plugin nccl is in builds with CUDA only: tools/setup --cuda, then cmake with "
               "-DDLHOST_WITH_CUDA=ON)"
             : "";
}

std::vector<std::string> communicator_names() { return {"auto", "self"}; }

}  // namespace dl::host
