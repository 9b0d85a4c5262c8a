#include "node_layout.h"

#include <algorithm>
#include <string>

#include "dl/error.h"

namespace mpi {

namespace {

MPI_Comm split_by_host(MPI_Comm all, int rank, int ranks_per_node) {
  MPI_Comm host = MPI_COMM_NULL;
  must(MPI_Comm_split_type(all, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &host), "MPI_Comm_split_type");
  if (ranks_per_node == 0) return host;
  int number = 0;
  MPI_Comm_rank(host, &number);
  MPI_Comm part = MPI_COMM_NULL;
  const int code = MPI_Comm_split(host, number / ranks_per_node, number, &part);
  MPI_Comm_free(&host);
  must(code, "MPI_Comm_split");
  return part;
}

}  // namespace

void must(int code, const char* step) {
  if (code != MPI_SUCCESS) throw dl::Error(std::string("MPI could not be set up: ") + step + " failed");
}

NodeLayout::NodeLayout(MPI_Comm all, int ranks_per_node) {
  int rank = 0, size = 1;
  MPI_Comm_rank(all, &rank);
  MPI_Comm_size(all, &size);
  inside_ = split_by_host(all, rank, ranks_per_node);
  MPI_Comm_set_errhandler(inside_, MPI_ERRORS_RETURN);
  MPI_Comm_rank(inside_, &local_);

  int first = rank;
  must(MPI_Bcast(&first, 1, MPI_INT, 0, inside_), "MPI_Bcast");
  const int mine[] = {first, local_};
  std::vector<int> all_pairs(2 * static_cast<size_t>(size));
  must(MPI_Allgather(mine, 2, MPI_INT, all_pairs.data(), 2, MPI_INT, all), "MPI_Allgather");
  std::vector<int> firsts;
  for (size_t r = 0; r < all_pairs.size(); r += 2) firsts.push_back(all_pairs[r]);
  std::sort(firsts.begin(), firsts.end());
  firsts.erase(std::unique(firsts.begin(), firsts.end()), firsts.end());

  members_.resize(firsts.size());
  for (int r = 0; r < size; ++r) {
    const int at = all_pairs[2 * static_cast<size_t>(r)], local = all_pairs[2 * static_cast<size_t>(r) + 1];
    const auto node = static_cast<size_t>(std::lower_bound(firsts.begin(), firsts.end(), at) - firsts.begin());
    node_of_.push_back(static_cast<int>(node));
    local_of_.push_back(local);
    members_[node].push_back(r);  // in rank order, which is the order of local numbers
  }
  node_ = node_of_[static_cast<size_t>(rank)];
  const auto [smallest, largest] = std::minmax_element(
      members_.begin(), members_.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  couriers_ = static_cast<int>(smallest->size());
  even_ = smallest->size() == largest->size();
  if (members_.size() == 1) return;
  must(MPI_Comm_split(all, local_ < couriers_ ? local_ : MPI_UNDEFINED, node_, &cross_), "MPI_Comm_split");
  if (cross_ != MPI_COMM_NULL) MPI_Comm_set_errhandler(cross_, MPI_ERRORS_RETURN);
}

NodeLayout::~NodeLayout() {
  if (cross_ != MPI_COMM_NULL) MPI_Comm_free(&cross_);
  MPI_Comm_free(&inside_);
}

}  // namespace mpi
