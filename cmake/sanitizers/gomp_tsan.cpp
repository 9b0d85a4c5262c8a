// Part of libdlsdk.so under the thread sanitizer only. LibTorch's OpenMP teams are libgomp's, which is not built for
// the sanitizer and hands work over by futexes that it doesn't see. These two stand before libgomp's in the order of
// symbol look-up and say what happens before what: the start of a team's work after its caller's, its caller's rest
// after its end.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

namespace {

struct Team {
  void (*work)(void*);
  void* data;
};
thread_local Team* current = nullptr;

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

void run(void* data) {
  auto* team = static_cast<Team*>(data);
  auto* const outer = current;
  current = team;
  __tsan_acquire(team);
  team->work(team->data);
  __tsan_release(team);
  current = outer;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) void GOMP_parallel(void (*work)(void*), void* data, unsigned threads,
                                                          unsigned flags) {
  static auto* const real = next<void(void (*)(void*), void*, unsigned, unsigned)>("GOMP_parallel");
  Team team{work, data};
  __tsan_release(&team);
  real(run, &team, threads, flags);
  __tsan_acquire(&team);
}

__attribute__((visibility("default"))) void GOMP_barrier() {
  static auto* const real = next<void()>("GOMP_barrier");
  if (current) __tsan_release(current);
  real();
  if (current) __tsan_acquire(current);
}
}
