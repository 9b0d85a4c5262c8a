#include "core/gpu.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <algorithm>

#include "core/errors.h"

namespace dl::host {
namespace {

constexpr const char* kRemedy = "; for the CPU leave \"gpus\" out, or --set engine.gpus=[]";

template <class Function>
Function* find(void* library, const char* name) {
  if (auto* found = reinterpret_cast<Function*>(dlsym(library, name))) return found;
  throw UsageError("[engine] gpus: CUDA's runtime library has no " + std::string(name) + ": " + dlerror());
}

}  // namespace

std::string gpu_problem(const std::vector<int64_t>& gpus, const CudaRuntime& cuda) {
  int count = 0, version = 0;
  const int code = cuda.device_count(&count);
  if (code != 0 || count == 0) {
    const bool driver = cuda.driver_version(&version) == 0 && version != 0;
    return "[engine] gpus: no GPU can be used: CUDA reports \"" +
           (code != 0 ? cuda.text(code) + "\" (error " + std::to_string(code) + ")" : "0 devices\"") +
           (driver ? "" : ", and there is no NVIDIA driver") + ". Where nvidia-smi lists no GPU, dlhost finds none" +
           kRemedy;
  }
  const auto largest = *std::max_element(gpus.begin(), gpus.end());
  if (largest < count) return "";
  return "[engine] gpus names the device " + std::to_string(largest) + ", but CUDA sees " + std::to_string(count) +
         " device(s) here, numbered from 0 (CUDA_VISIBLE_DEVICES hides the others)";
}

void open_gpu(const std::vector<int64_t>& gpus, at::Device device) {
  // Found beside libtorch_cpu.so by this program's RUNPATH. It stays open: what it registers can't be taken back.
  void* library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    throw UsageError("[engine] gpus: this dlhost has no CUDA (" + std::string(dlerror()) +
                     "). Build one that has: tools/setup --cuda, then cmake with -DDLHOST_WITH_CUDA=ON" + kRemedy);
  auto* const text = find<const char*(int)>(library, "cudaGetErrorString");
  const auto problem = gpu_problem(
      gpus, {find<int(int*)>(library, "cudaGetDeviceCount"), find<int(int*)>(library, "cudaDriverGetVersion"),
             [text](int code) { return std::string(text(code)); }});
  if (!problem.empty()) throw UsageError(problem);
  c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
}

}  // namespace dl::host
