#include "session.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "dl/error.h"

namespace mpi {

namespace {

constexpr std::chrono::seconds kLongestAbort(5);

// Settings that Open MPI reads in MPI_Init; what the user has set stays.
void set_open_mpi_defaults() {
  constexpr int kKeep = 0;
  // Copying between ranks of a host by the kernel (CMA) is 2 to 5 times slower here than through shared memory, and
  // containers often forbid it.
  setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", kKeep);
  // Waiting ranks spin. With more ranks than cores they must give way, or each wait lasts a time slice. The number of
  // cores is the machine's: mpirun binds ranks to cores, so a rank's own mask says nothing.
  const char* ranks = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  if (ranks && std::atol(ranks) > sysconf(_SC_NPROCESSORS_ONLN)) setenv("OMPI_MCA_mpi_yield_when_idle", "1", kKeep);
}

std::vector<std::string> gather_hosts(MPI_Comm comm, int size) {
  using Name = std::array<char, MPI_MAX_PROCESSOR_NAME>;
  Name mine{};
  int length = 0;
  MPI_Get_processor_name(mine.data(), &length);
  std::vector<Name> names(static_cast<size_t>(size));
  must(MPI_Allgather(mine.data(), MPI_MAX_PROCESSOR_NAME, MPI_CHAR, names.data(), MPI_MAX_PROCESSOR_NAME, MPI_CHAR,
                     comm),
       "MPI_Allgather");
  std::vector<std::string> hosts;
  for (const auto& name : names) hosts.emplace_back(name.data());
  return hosts;
}

}  // namespace

Session::Session(double timeout_s, int ranks_per_node)
    : exceptions_(std::uncaught_exceptions()), timeout_s_(timeout_s) {
  int initialized = 0, finalized = 0, level = MPI_THREAD_SINGLE;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  if (finalized) throw dl::Error("MPI was already finalised in this process, and can't be started a second time");
  if (initialized) {
    MPI_Query_thread(&level);
  } else {
    set_open_mpi_defaults();
    if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &level) != MPI_SUCCESS)
      throw dl::Error("MPI_Init_thread failed; start the program by mpirun, or alone without it");
    owner_ = true;
  }
  if (level < MPI_THREAD_MULTIPLE) {
    if (owner_) MPI_Finalize();
    throw dl::Error(
        "this MPI does not grant MPI_THREAD_MULTIPLE, which communication beside the backward pass needs; use an MPI "
        "built with it (Debian's libopenmpi-dev is)");
  }

  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  // A communicator of our own: no message of another library in this process meets ours.
  must(MPI_Comm_dup(MPI_COMM_WORLD, &comm_), "MPI_Comm_dup");
  MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
  MPI_Comm_rank(comm_, &rank_);
  MPI_Comm_size(comm_, &size_);
  const auto limit = deadline("the first communication among all ranks");
  layout_ = std::make_unique<NodeLayout>(comm_, ranks_per_node);
  hosts_ = gather_hosts(comm_, size_);
}

Session::~Session() {
  if (!healthy()) {
    (void)layout_.release();  // frees nothing: the communication thread may still be inside MPI
    return;
  }
  layout_.reset();
  MPI_Comm_free(&comm_);
  if (!owner_) return;
  const auto limit = deadline("MPI_Finalize");
  MPI_Finalize();
}

std::string Session::who(int rank) const {
  return "rank " + std::to_string(rank) + " on " + hosts_[static_cast<size_t>(rank)];
}

std::string Session::company(int rank) const {
  const auto& host = hosts_[static_cast<size_t>(rank)];
  std::string ranks;
  int count = 0;
  for (int other = 0; other < size_; ++other) {
    if (hosts_[static_cast<size_t>(other)] != host) continue;
    ranks += (count++ > 0 ? ", " : "") + std::to_string(other);
  }
  if (count == 1 || host == hosts_[static_cast<size_t>(rank_)]) return "";
  return " (ranks " + ranks + " are there)";
}

std::unique_ptr<Deadline> Session::deadline(const std::string& step) {
  if (size_ == 1) return nullptr;
  const auto me = hosts_.empty() ? "rank " + std::to_string(rank_) : who(rank_);
  return std::make_unique<Deadline>(timeout_s_, [this, text = me + ": " + step] {
    std::fprintf(stderr,
                 "%s has not ended after %.1f s: a rank has died, hangs, or its host can't be reached; ending "
                 "all ranks\n",
                 text.c_str(), timeout_s_);
    abort(1);
  });
}

void Session::begin(const char* operation, std::string_view what) {
  what_ = what;
  current_ = {operation, what_, current_.number + 1};
  if (!failure_.empty())
    throw dl::Error(who(rank_) + ": " + numbered_name(current_) + " can't be done after one that failed: " + failure_);
}

void Session::broken(const std::exception& error) {
  failed_ = true;
  failure_ = error.what();
}

bool Session::healthy() const { return !failed_ && std::uncaught_exceptions() <= exceptions_; }

void Session::abort(int code) noexcept {
  if (size_ == 1) return;
  failed_ = true;
  // MPI's daemon on this host is asked to end the others, and may itself wait for a host that can't be reached.
  try {
    std::thread([code] {
      std::this_thread::sleep_for(kLongestAbort);
      std::_Exit(code);
    }).detach();
  } catch (const std::exception&) {
    std::_Exit(code);
  }
  MPI_Abort(MPI_COMM_WORLD, code);
  std::_Exit(code);
}

void Session::fail(int code) const {
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw dl::Error(who(rank_) + ": " + numbered_name(current_) + " failed: " + text.data());
}

}  // namespace mpi
