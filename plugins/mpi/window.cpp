#include "window.h"

#include <unistd.h>

#include <new>

#include "dl/error.h"
#include "dl/problems.h"
#include "patience.h"

namespace mpi {

namespace {

constexpr int64_t kPresenceBytes = 4096;  // whole pages wherever a page is 4 KB; whole_pages() does the rest
static_assert(sizeof(Presence) <= kPresenceBytes);
static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

constexpr double kAliveEvery_s = 0.1;
// Where a rank has died, mpirun ends the others, and says how it died. Only where it does not, they end by themselves.
constexpr double kAfterDeath_s = 1;
// What those wait longer whose peers wait for other nodes: the one that speaks with them is to report first.
constexpr double kAbroadGrace_s = 5;

int64_t part_bytes(int64_t box_bytes) { return whole_pages(kPresenceBytes + 4 * box_bytes); }

uint64_t mix(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15ull + (hash << 6) + (hash >> 2);
  return hash;
}

}  // namespace

int64_t Window::bytes_for(int ranks, int64_t box_bytes) { return ranks * part_bytes(box_bytes); }

std::pair<int64_t, int64_t> Window::part_of(int local, int64_t box_bytes) {
  return {local * part_bytes(box_bytes), part_bytes(box_bytes)};
}

Window::Window(std::shared_ptr<SharedFile> file, char* memory, int64_t box_bytes, WindowMembers members)
    : file_(std::move(file)),
      memory_(memory),
      box_bytes_(box_bytes),
      part_bytes_(part_bytes(box_bytes)),
      members_(std::move(members)),
      shared_cores_(size() > sysconf(_SC_NPROCESSORS_ONLN)) {
  // Reserved memory is zero, which is what an empty Presence is: peers may look at it before it is made.
  (new (&presence(local())) Presence)->pid = getpid();
}

Window::~Window() { SharedFile::unmap(memory_, size() * part_bytes_); }

char* Window::box(int local, uint64_t index) const {
  return memory_ + local * part_bytes_ + kPresenceBytes + static_cast<int64_t>(index) * box_bytes_;
}

void Window::announce(const Call& call, uint64_t signature, Place place) {
  call_ = call;
  signature = mix(signature, std::hash<std::string_view>()(call.operation));
  presence(local()).announce(call_, mix(signature, std::hash<std::string_view>()(call.what)), place);
  announced_ = true;
}

void Window::meet() {
  presence(local()).arrived.store(++meetings_, std::memory_order_release);
  for (int i = 0; i < size(); ++i)
    if (presence(i).arrived.load(std::memory_order_acquire) < meetings_) wait_for(i);
  if (!announced_) return;
  announced_ = false;
  check_alike();
}

Place Window::place(int local) const { return presence(local).place(presence(this->local()).turns()); }

void Window::wait_for(int local) {
  const Presence& peer = presence(local);
  Patience patience(shared_cores_);
  double looked_at_s = 0, died_at_s = -1;
  while (peer.arrived.load(std::memory_order_acquire) < meetings_) {
    if (!patience.wait()) continue;
    members_.meanwhile();
    const double waited = patience.waited();
    const double limit = members_.timeout_s + (peer.abroad ? kAbroadGrace_s : 0);
    bool over = waited > limit;
    if (waited > looked_at_s + kAliveEvery_s) {
      looked_at_s = waited;
      if (died_at_s < 0 && !file_->lives(local)) died_at_s = waited;
      // It may have come here before it ended.
      over |= died_at_s >= 0 && waited > died_at_s + kAfterDeath_s &&
              peer.arrived.load(std::memory_order_acquire) < meetings_;
    }
    if (over) give_up(waited);
  }
}

void Window::check_alike() {
  const uint64_t turn = presence(local()).turns();
  for (int i = 0; i < size(); ++i) {
    if (presence(i).signature(turn) == presence(0).signature(turn)) continue;
    throw dl::Error("ranks went different ways: " + members_.who[0] + " is in " + presence(0).last_call() + ", " +
                    members_.who[static_cast<size_t>(i)] + " in " + presence(i).last_call() +
                    ", or with another dtype, size or root; all ranks must make the same calls in the same order");
  }
}

void Window::give_up(double waited) const {
  std::string late;
  bool died = false;
  for (int i = 0; i < size(); ++i) {
    const Presence& peer = presence(i);
    if (peer.arrived.load(std::memory_order_acquire) >= meetings_) continue;
    const bool lives = file_->lives(i);
    died |= !lives;
    late += (late.empty() ? "" : "; ") + members_.who[static_cast<size_t>(i)] +
            (lives ? " has not come" : " has ended") + ", its last call: " + peer.last_call();
    const auto process = lives ? peer.process() : "";
    if (!process.empty()) late += ", " + process;
    if (peer.abroad) late += ", where it waits for other nodes";
  }
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.1f s", waited);
  throw dl::Error(members_.who[static_cast<size_t>(local())] + ": " + numbered_name(call_) +
                  (died ? " can't be completed: " : " was waited for " + std::string(seconds) + ", in vain: ") + late +
                  (died ? "" : ". If ranks may be this far apart, raise [engine] timeout_s"));
}

}  // namespace mpi
