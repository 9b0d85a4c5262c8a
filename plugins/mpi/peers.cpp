#include "peers.h"

#include <numeric>

#include "slices.h"

namespace mpi {

namespace {

// Up to here, from all ranks together, everybody sends everything to everybody: one round instead of two.
constexpr int64_t kSmallBytes = 64 << 10;

std::span<const char> bytes_at(const char* data, int64_t bytes) { return {data, static_cast<size_t>(bytes)}; }
std::span<char> bytes_at(char* data, int64_t bytes) { return {data, static_cast<size_t>(bytes)}; }

std::vector<std::vector<int>> one_group(MPI_Comm comm) {
  int count = 0;
  MPI_Comm_size(comm, &count);
  std::vector<int> all(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return {std::move(all)};
}

}  // namespace

Peers::Peers(Session& session, MPI_Comm comm, std::vector<std::vector<int>> groups)
    : messages_(session, comm), groups_(std::move(groups)), sources_(static_cast<size_t>(messages_.count())) {}

Peers::Peers(Session& session, MPI_Comm comm) : Peers(session, comm, one_group(comm)) {}

void Peers::receive(int64_t bytes, const char* mine) {
  const auto needed = static_cast<size_t>(bytes * count());
  if (memory_.size() < needed) memory_.resize(needed);
  sources_[static_cast<size_t>(messages_.number())] = mine;
  for_others([&](int peer) {
    char* to = memory_.data() + peer * bytes;
    sources_[static_cast<size_t>(peer)] = to;
    messages_.receive(peer, bytes_at(to, bytes));
  });
}

void Peers::reduce(char* to, int64_t elements, const Reduction& how) {
  const auto combine = [&](const std::vector<int>& numbers, char* target) {
    members_.clear();
    for (const int number : numbers) members_.push_back(sources_[static_cast<size_t>(number)]);
    how.kernel(members_, {&target, 1}, elements);
  };
  if (groups_.size() == 1) return combine(groups_[0], to);
  // A group's result comes where its first rank's message lay, or would lie if it were not this rank's own.
  std::vector<int> firsts;
  for (const auto& group : groups_) {
    char* result = memory_.data() + group[0] * elements * how.width;
    if (group.size() > 1) {
      combine(group, result);
      sources_[static_cast<size_t>(group[0])] = result;
    }
    firsts.push_back(group[0]);
  }
  combine(firsts, to);
}

void Peers::exchange(char* data, int64_t elements, const Reduction& how) {
  const int64_t bytes = elements * how.width;
  receive(bytes, data);
  for_others([&](int peer) { messages_.send(peer, bytes_at(std::as_const(data), bytes)); });
  messages_.wait();
  reduce(data, elements, how);
}

void Peers::all_reduce(char* data, int64_t elements, const Reduction& how) {
  if (elements == 0) return;
  // Two ranks send no less in two rounds.
  if (count() == 2 || elements * how.width * count() <= kSmallBytes) return exchange(data, elements, how);
  const auto slices = Slices::in_parts(elements, count());
  std::vector<std::span<char>> parts;
  for (int i = 0; i < count(); ++i)
    parts.push_back(bytes_at(data + slices.begin(i) * how.width, slices.size(i) * how.width));
  const auto& own = parts[static_cast<size_t>(messages_.number())];
  receive(static_cast<int64_t>(own.size()), own.data());
  for_others([&](int peer) { messages_.send(peer, parts[static_cast<size_t>(peer)]); });
  messages_.wait();
  reduce(own.data(), slices.size(messages_.number()), how);
  all_gather(parts);
}

void Peers::reduce_scatter(char* piece, const char* whole, int64_t stride, int64_t elements, const Reduction& how) {
  const int64_t bytes = elements * how.width;
  receive(bytes, whole + messages_.number() * stride);
  for_others([&](int peer) { messages_.send(peer, bytes_at(whole + peer * stride, bytes)); });
  messages_.wait();
  reduce(piece, elements, how);
}

void Peers::all_gather(const std::vector<std::span<char>>& slots) {
  for_others([&](int peer) { messages_.receive(peer, slots[static_cast<size_t>(peer)]); });
  for_others([&](int peer) { messages_.send(peer, slots[static_cast<size_t>(messages_.number())]); });
  messages_.wait();
}

void Peers::broadcast(std::span<char> data, int root) {
  if (messages_.number() == root)
    for_others([&](int peer) { messages_.send(peer, data); });
  else
    messages_.receive(root, data);
  messages_.wait();
}

void Peers::barrier() {
  char come = 1;
  receive(1, &come);
  for_others([&](int peer) { messages_.send(peer, {&come, 1}); });
  messages_.wait();
}

}  // namespace mpi
