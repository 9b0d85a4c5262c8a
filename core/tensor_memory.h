#pragma once
#include <c10/core/Allocator.h>

#include <atomic>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace dl::host {

/// LibTorch's memory for tensors on the CPU. What is large (kLarge) lies in huge pages where the system has them, and
/// is kept when it is freed, for the next tensor of about that size: a page touched for the first time costs more than
/// the work on it, and glibc's heap does not fit a freed aligned block to the next one of the same size. Never is more
/// held than was in use at the worst moment, and kSlack. What is smaller comes from malloc(). Any thread.
class TensorMemory final : public c10::Allocator {
 public:
  static constexpr size_t kLarge = 1 << 20, kSlack = 32 << 20;

  /// Makes it LibTorch's allocator from now on, for the life of the process: LibTorch's registry is global.
  static TensorMemory& install();
  /// From now on what is freed is kept. Before, it goes back at once: while networks are built and cut, tensors of many
  /// sizes come once.
  void keep_freed();

  c10::DataPtr allocate(size_t bytes) override;
  c10::DeleterFnPtr raw_deleter() const override;
  void copy_data(void* to, const void* from, size_t bytes) const override;

  /// Bytes of tensors: in use now, at the worst moment since restart_peak(), and held by large blocks.
  struct Use {
    size_t live = 0, peak = 0, held = 0;
  };
  Use use() const;
  void restart_peak();

 private:
  TensorMemory() = default;
  struct Block {
    void* mapping;
    size_t mapped, usable;
  };
  static TensorMemory& instance();
  static void free(void* data);
  void* take(size_t bytes);
  bool give_back(void* data);
  static std::pair<void*, Block> map(size_t bytes);
  void unmap_down_to(size_t held);
  void count(size_t bytes);

  mutable std::mutex mutex_;
  std::unordered_map<void*, Block> blocks_;  // all, by what tensors see
  std::multimap<size_t, void*> free_;        // by usable size
  size_t large_ = 0, most_large_ = 0, held_ = 0;
  bool keeps_ = false;
  std::atomic<size_t> live_ = 0, peak_ = 0;
};

}  // namespace dl::host
