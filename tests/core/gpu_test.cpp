#include "core/gpu.h"

#include <boost/test/unit_test.hpp>

#include "core/errors.h"

using namespace dl::host;

namespace {

CudaRuntime runtime(int code, int count, int driver) {
  return {[=](int* out) { return *out = count, code; }, [=](int* out) { return *out = driver, 0; },
          [](int given) { return "text of " + std::to_string(given); }};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gpu)

BOOST_AUTO_TEST_CASE(what_cuda_reports_is_said) {
  BOOST_TEST(
      gpu_problem({0}, runtime(35, 0, 0)) ==
      "[engine] gpus: no GPU can be used: CUDA reports \"text of 35\" (error 35), and there is no NVIDIA driver. "
      "Where nvidia-smi lists no GPU, dlhost finds none; for the CPU leave \"gpus\" out, or --set engine.gpus=[]");
  BOOST_TEST(gpu_problem({0}, runtime(100, 0, 13000)).find("CUDA reports \"text of 100\" (error 100). ") !=
             std::string::npos);
  BOOST_TEST(gpu_problem({0}, runtime(0, 0, 13000)).find("CUDA reports \"0 devices\". ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(devices_must_be_there) {
  BOOST_TEST(gpu_problem({1, 0}, runtime(0, 2, 13000)) == "");
  BOOST_TEST(gpu_problem({2, 0}, runtime(0, 2, 13000)) ==
             "[engine] gpus names the device 2, but CUDA sees 2 device(s) here, numbered from 0 (CUDA_VISIBLE_DEVICES "
             "hides the others)");
}

// On a machine that has a GPU it is opened; tools/check-cuda trains on it.
BOOST_AUTO_TEST_CASE(without_a_gpu_the_remedy_is_named) {
  try {
    open_gpu({0}, at::Device(at::kCUDA, 0));
  } catch (const UsageError& error) {
    const std::string text = error.what();
    BOOST_TEST((text.find("[engine] gpus: this dlhost has no CUDA (libtorch_cuda.so: cannot open") == 0 ||
                text.find("[engine] gpus: no GPU can be used: CUDA reports \"") == 0),
               text);
    BOOST_TEST(text.find("for the CPU leave \"gpus\" out, or --set engine.gpus=[]") != std::string::npos, text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
