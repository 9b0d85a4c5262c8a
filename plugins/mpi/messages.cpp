#include "messages.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

#include "dl/error.h"
#include "patience.h"

namespace mpi {

namespace {

enum Tag : int { kData, kWords };
// Of one message: so that one that takes its time shows that it gets on.
constexpr size_t kLongest = 64 << 20;
// How long a rank that gives up listens to others that do.
constexpr double kListen_s = 1;

}  // namespace

Messages::Messages(Session& session, MPI_Comm comm)
    : session_(session), comm_(comm), shared_cores_(session.layout().local_size() > sysconf(_SC_NPROCESSORS_ONLN)) {
  int count = 0;
  MPI_Comm_rank(comm, &number_);
  MPI_Comm_size(comm, &count);
  ranks_.resize(static_cast<size_t>(count));
  const int mine = session.rank();
  must(MPI_Allgather(&mine, 1, MPI_INT, ranks_.data(), 1, MPI_INT, comm), "MPI_Allgather");
}

void Messages::send(int to, std::span<const char> data) {
  for (; !data.empty(); data = data.subspan(std::min(data.size(), kLongest))) {
    const int bytes = static_cast<int>(std::min(data.size(), kLongest));
    check(MPI_Isend(data.data(), bytes, MPI_BYTE, to, kData, comm_, &requests_.emplace_back()));
    messages_.push_back({to, false, bytes});
  }
}

void Messages::receive(int from, std::span<char> data) {
  for (; !data.empty(); data = data.subspan(std::min(data.size(), kLongest))) {
    const int bytes = static_cast<int>(std::min(data.size(), kLongest));
    check(MPI_Irecv(data.data(), bytes, MPI_BYTE, from, kData, comm_, &requests_.emplace_back()));
    messages_.push_back({from, true, bytes});
  }
}

void Messages::wait() {
  indices_.resize(requests_.size());
  statuses_.resize(requests_.size());
  std::optional<Patience> patience(shared_cores_);
  for (size_t open = requests_.size(); open > 0;) {
    int done = 0;
    const int code =
        MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &done, indices_.data(), statuses_.data());
    if (code != MPI_SUCCESS && code != MPI_ERR_IN_STATUS) check(code);
    for (int i = 0; i < done; ++i) {
      auto& status = statuses_[static_cast<size_t>(i)];
      if (code == MPI_SUCCESS) status.MPI_ERROR = MPI_SUCCESS;  // else set by MPI
      check_length(messages_[static_cast<size_t>(indices_[static_cast<size_t>(i)])], status);
    }
    open -= static_cast<size_t>(done);
    if (done > 0)
      patience.emplace(shared_cores_);
    else if (patience->wait() && patience->waited() > session_.timeout_s())
      give_up(patience->waited());
  }
  requests_.clear();
  messages_.clear();
}

void Messages::check(int code) const {
  if (code != MPI_SUCCESS) session_.fail(code);
}

void Messages::check_length(const Message& message, MPI_Status& status) const {
  int bytes = message.bytes;
  const bool longer = status.MPI_ERROR == MPI_ERR_TRUNCATE;
  if (!longer) check(status.MPI_ERROR);
  if (message.incoming && !longer) MPI_Get_count(&status, MPI_BYTE, &bytes);
  if (bytes == message.bytes && !longer) return;
  throw dl::Error("ranks went different ways: " + session_.who(session_.rank()) + " is in " +
                  numbered_name(session_.current()) + " and expects " + std::to_string(message.bytes) + " bytes of " +
                  session_.who(ranks_[static_cast<size_t>(message.peer)]) + ", which sent " +
                  (longer ? "more" : std::to_string(bytes)) + "; all ranks must make the same calls in the same order");
}

void Messages::give_up(double waited) {
  std::vector<bool> missing(ranks_.size());
  for (size_t i = 0; i < requests_.size(); ++i)
    if (requests_[i] != MPI_REQUEST_NULL) missing[static_cast<size_t>(messages_[i].peer)] = true;
  const auto words = last_words();
  std::string silent, waiting;
  for (size_t peer = 0; peer < ranks_.size(); ++peer) {
    if (!missing[peer]) continue;
    const auto who = session_.who(ranks_[peer]);
    auto& text = words[peer].empty() ? silent : waiting;
    text += text.empty() ? "" : "; ";
    if (words[peer].empty())
      text += who + " has not come and does not answer" + session_.company(ranks_[peer]);
    else
      text += who + " waits, too, in " + words[peer].text();
  }
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.1f s", waited);
  throw dl::Error(session_.who(session_.rank()) + ": " + numbered_name(session_.current()) + " was waited for " +
                  seconds + ", in vain: " + silent + (silent.empty() || waiting.empty() ? "" : "; ") + waiting +
                  ". If ranks may be this far apart, raise [engine] timeout_s");
}

std::vector<CallText> Messages::last_words() {
  words_ = CallText(session_.current());
  std::vector<CallText> heard(ranks_.size());
  for (int peer = 0; peer < count(); ++peer) {
    MPI_Request request;  // forgotten: the run ends
    if (peer != number_) MPI_Isend(&words_, sizeof words_, MPI_BYTE, peer, kWords, comm_, &request);
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(kListen_s);
  while (std::chrono::steady_clock::now() < end) {
    int found = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, kWords, comm_, &found, &status) != MPI_SUCCESS) break;
    if (found)
      MPI_Recv(&heard[static_cast<size_t>(status.MPI_SOURCE)], sizeof(CallText), MPI_BYTE, status.MPI_SOURCE, kWords,
               comm_, MPI_STATUS_IGNORE);
    else
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return heard;
}

}  // namespace mpi
