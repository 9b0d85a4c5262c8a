#include "support/fake_gpu.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/detail/HPUHooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/resize_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/library.h>

#include <atomic>
#include <mutex>

namespace dl::testing {

namespace {

constexpr auto kType = at::kHPU;
const at::Device kDevice(kType, 0);

thread_local std::vector<std::string> entries;
thread_local c10::StreamId current = 0;
std::atomic<int64_t> streams{0}, events{0}, pins{0};
std::atomic<bool> hanging{false};

std::string number(c10::StreamId id) { return std::to_string(id); }

struct Event {
  int64_t number = ++events;
};

c10::Stream stream_of(c10::StreamId id) { return c10::Stream(c10::Stream::UNSAFE, kDevice, id); }

class Guard final : public c10::impl::DeviceGuardImplInterface {
 public:
  at::DeviceType type() const override { return kType; }
  at::Device exchangeDevice(at::Device) const override { return kDevice; }
  at::Device getDevice() const override { return kDevice; }
  void setDevice(at::Device) const override {}
  void uncheckedSetDevice(at::Device) const noexcept override {}
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  c10::Stream getStream(at::Device) const override { return stream_of(current); }
  c10::Stream getDefaultStream(at::Device) const override { return stream_of(0); }
  c10::Stream getStreamFromGlobalPool(at::Device, bool) const override { return stream_of(++streams); }
  c10::Stream exchangeStream(c10::Stream stream) const override {
    return stream_of(std::exchange(current, stream.id()));
  }
  bool queryStream(const c10::Stream&) const override { return !hanging; }
  void synchronizeStream(const c10::Stream& stream) const override {
    entries.push_back("wait for " + number(stream.id()));
  }
  void synchronizeDevice(c10::DeviceIndex) const override {}
  void record(void** event, const c10::Stream& stream, c10::DeviceIndex, c10::EventFlag) const override {
    if (!*event) *event = new Event;
    entries.push_back("record " + std::to_string(static_cast<Event*>(*event)->number) + " on " + number(stream.id()));
  }
  void block(void* event, const c10::Stream& stream) const override {
    if (!event) return;
    entries.push_back("block " + number(stream.id()) + " by " + std::to_string(static_cast<Event*>(event)->number));
  }
  bool queryEvent(void*) const override { return !hanging; }
  void synchronizeEvent(void* event) const override {
    entries.push_back("wait for event " + std::to_string(static_cast<Event*>(event)->number));
  }
  void destroyEvent(void* event, c10::DeviceIndex) const noexcept override { delete static_cast<Event*>(event); }
  void recordDataPtrOnStream(const c10::DataPtr&, const c10::Stream& stream) const override {
    entries.push_back("use on " + number(stream.id()));
  }
};

struct Memory final : c10::Allocator {
  explicit Memory(at::Device of) : device(of) {}
  at::Device device;
  c10::DataPtr allocate(size_t bytes) override {
    if (device.is_cpu()) ++pins;
    void* memory = c10::alloc_cpu(bytes);
    return {memory, memory, &c10::free_cpu, device};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &c10::free_cpu; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
};

Memory& memory() {
  static Memory of_device(kDevice);
  return of_device;
}

at::Generator& generator() {
  static at::Generator of_device = at::make_generator<at::CPUGeneratorImpl>();
  return of_device;
}

struct Hooks final : at::HPUHooksInterface {
  explicit Hooks(at::HPUHooksArgs) {}
  void init() const override {}
  bool hasHPU() const override { return true; }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override { return generator(); }
  at::Device getDeviceFromPtr(void*) const override { return kDevice; }
  at::Allocator* getPinnedMemoryAllocator() const override {
    static Memory pinned(at::kCPU);
    return &pinned;
  }
};

/// The same memory, as a tensor on the CPU.
at::Tensor on_cpu(const at::Tensor& tensor) {
  return at::from_blob(tensor.data_ptr(), tensor.sizes(), tensor.strides(),
                       at::device(at::kCPU).dtype(tensor.scalar_type()));
}

at::Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                 std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &memory(), c10::DispatchKeySet(c10::DispatchKey::HPU),
                                   dtype.value_or(at::kFloat), format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> dtype,
                         std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &memory(), c10::DispatchKeySet(c10::DispatchKey::HPU),
                                           dtype.value_or(at::kFloat));
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool non_blocking) {
  if (non_blocking && from.is_cpu()) entries.push_back("copy on " + number(current));
  on_cpu(to).copy_(on_cpu(from));
  return to;
}

at::Tensor copy_back(const at::Tensor& from, const at::Tensor& to) {
  if (from.sizes() != to.sizes()) at::native::resize_(to, from.sizes());
  return copy_from(from, to, false);
}

at::Tensor convolution(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                       at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef output_padding, int64_t groups) {
  const auto on = bias && bias->defined() ? std::optional(on_cpu(*bias)) : std::nullopt;
  return at::convolution(on_cpu(input), on_cpu(weight), on, stride, padding, dilation, transposed, output_padding,
                         groups)
      .to(kDevice);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(const at::Tensor& gradient, const at::Tensor& input,
                                                                    const at::Tensor& weight, at::IntArrayRef stride,
                                                                    at::IntArrayRef padding, at::IntArrayRef dilation,
                                                                    bool transposed, at::IntArrayRef output_padding,
                                                                    int64_t groups, std::array<bool, 3> mask) {
  const int64_t channels = weight.size(0);
  auto [of_input, of_weight, of_bias] =
      at::convolution_backward(on_cpu(gradient), on_cpu(input), on_cpu(weight), at::IntArrayRef(channels), stride,
                               padding, dilation, transposed, output_padding, groups, mask);
  const auto back = [](const at::Tensor& t) { return t.defined() ? t.to(kDevice) : t; };
  return {back(of_input), back(of_weight), back(of_bias)};
}

// Its running statistics change, which its schema does not say: the fallback would lose them.
std::tuple<at::Tensor, at::Tensor, at::Tensor> batch_norm(const at::Tensor& input,
                                                          const std::optional<at::Tensor>& weight,
                                                          const std::optional<at::Tensor>& bias,
                                                          const std::optional<at::Tensor>& mean,
                                                          const std::optional<at::Tensor>& variance, bool training,
                                                          double momentum, double eps) {
  const auto on = [](const std::optional<at::Tensor>& t) {
    return t && t->defined() ? std::optional(on_cpu(*t)) : std::nullopt;
  };
  auto [output, saved_mean, saved_inverse] =
      at::native_batch_norm(on_cpu(input), on(weight), on(bias), on(mean), on(variance), training, momentum, eps);
  return {output.to(kDevice), saved_mean.to(kDevice), saved_inverse.to(kDevice)};
}

void fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) { at::native::cpu_fallback(op, stack); }

void register_device() {
  static const Guard guard;
  c10::impl::registerDeviceGuard(kType, &guard);
  c10::SetAllocator(kType, &memory());
  // LibTorch asks for its hooks once, by this name.
  at::HPUHooksRegistry()->Register("HPUHooks", [](at::HPUHooksArgs args) { return std::make_unique<Hooks>(args); });
  static torch::Library kernels(torch::Library::IMPL, "aten", c10::DispatchKey::HPU, __FILE__, __LINE__);
  kernels.impl("empty.memory_format", TORCH_FN(empty));
  kernels.impl("empty_strided", TORCH_FN(empty_strided));
  kernels.impl("as_strided", TORCH_FN(at::native::as_strided_tensorimpl));
  kernels.impl("view", TORCH_FN(at::native::view));
  kernels.impl("_reshape_alias", TORCH_FN(at::native::_reshape_alias));
  kernels.impl("resize_", TORCH_FN(at::native::resize_));
  kernels.impl("_copy_from", TORCH_FN(copy_from));
  kernels.impl("_copy_from_and_resize", TORCH_FN(copy_back));
  kernels.impl("native_batch_norm", TORCH_FN(batch_norm));
  kernels.impl("convolution_overrideable", TORCH_FN(convolution));
  kernels.impl("convolution_backward_overrideable", TORCH_FN(convolution_backward));
  static torch::Library others(torch::Library::IMPL, "_", c10::DispatchKey::HPU, __FILE__, __LINE__);
  others.fallback(torch::CppFunction::makeFromBoxedFunction<&fallback>());
}

}  // namespace

at::Device FakeGpu::device() {
  static std::once_flag once;
  std::call_once(once, register_device);
  return kDevice;
}

std::vector<std::string> FakeGpu::log() { return std::exchange(entries, {}); }
void FakeGpu::hang(bool on) { hanging = on; }
uint64_t FakeGpu::seed() { return generator().current_seed(); }
int64_t FakeGpu::pinned() { return pins; }

}  // namespace dl::testing
