#include "window_setup.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "dl/error.h"

namespace mpi {

namespace {

constexpr int64_t kSmallestBox = 16 << 10;

// The boxes take no more than half of what is free: tensors are to lie there, too, and others use /dev/shm.
int64_t box_for(const NodeLayout& layout, int64_t box_bytes) {
  const int64_t room = SharedFile::free_bytes() / 2;
  while (box_bytes > kSmallestBox && Window::bytes_for(layout.local_size(), box_bytes) > room) box_bytes /= 2;
  return box_bytes;
}

// The same file on all ranks of the node, with this rank's part reserved and signed in; problem() is empty if so.
std::shared_ptr<SharedFile> share_file(const NodeLayout& layout, int64_t box_bytes, std::string& problem) {
  std::array<char, 128> name{};
  std::shared_ptr<SharedFile> file;
  if (layout.local() == 0) {
    const auto fresh = SharedFile::fresh_name();
    file = std::make_shared<SharedFile>(fresh, true);
    if (file->open()) fresh.copy(name.data(), name.size() - 1);
  }
  MPI_Bcast(name.data(), static_cast<int>(name.size()), MPI_CHAR, 0, layout.inside());
  if (!file && name[0] != '\0') file = std::make_shared<SharedFile>(name.data(), false);
  const auto [begin, bytes] = Window::part_of(layout.local(), box_bytes);
  if (!file)
    problem = "the first rank of the node made none";
  else if (!file->open() || !file->reserve(begin, bytes) || !file->sign_in(layout.local()))
    problem = file->problem();
  return file;
}

}  // namespace

std::unique_ptr<WindowCollectives> make_window(Session& session, const std::string& mode, int64_t box_bytes) {
  const auto& layout = session.layout();
  if (mode == "off" || layout.nodes() == session.size()) return nullptr;
  const auto limit = session.deadline("the setting up of shared memory");
  // All nodes must cut tensors alike.
  box_bytes = box_for(layout, box_bytes);
  MPI_Allreduce(MPI_IN_PLACE, &box_bytes, 1, MPI_INT64_T, MPI_MIN, session.comm());
  box_bytes = whole_pages(std::max(box_bytes, int64_t{64} * session.size()));

  std::string problem;
  const auto file = share_file(layout, box_bytes, problem);
  const int64_t bytes = Window::bytes_for(layout.local_size(), box_bytes);
  MPI_Barrier(layout.inside());  // all parts are reserved
  char* memory = problem.empty() ? file->map(0, bytes) : nullptr;
  if (problem.empty() && !memory) problem = file->problem();
  struct {
    int good, rank;
  } mine{problem.empty() ? 1 : 0, session.rank()}, worst{};
  MPI_Allreduce(&mine, &worst, 1, MPI_2INT, MPI_MINLOC, session.comm());
  if (file) file->remove_name();
  if (worst.good) {
    WindowMembers members{layout.local(), {}, session.timeout_s(), [] {}};
    // What this rank has sent to other nodes may still be on its way out: MPI moves it only while it is called.
    if (layout.nodes() > 1)
      members.meanwhile = [comm = session.comm()] {
        int found = 0;
        MPI_Iprobe(MPI_ANY_SOURCE, 0, comm, &found, MPI_STATUS_IGNORE);
      };
    for (const int rank : layout.members(layout.node())) members.who.push_back(session.who(rank));
    return std::make_unique<WindowCollectives>(
        session, std::make_unique<Window>(file, memory, box_bytes, std::move(members)),
        std::make_unique<WindowMemory>(file, layout.local(), layout.local_size(), bytes));
  }
  if (memory) SharedFile::unmap(memory, bytes);
  if (problem.empty()) problem = session.who(worst.rank) + " can't";
  const std::string text = session.who(session.rank()) + ": ranks of one node can't share memory: " + problem;
  if (mode == "on") throw dl::Error(text + R"(; window = "auto" goes on without)");
  if (session.rank() == worst.rank)
    std::fprintf(stderr, "warning: %s. They communicate by MPI alone, several times slower.\n", text.c_str());
  return nullptr;
}

}  // namespace mpi
