#pragma once
#include <mpi.h>

#include <vector>

namespace mpi {

/// For setting up: throws dl::Error, naming `step`, where the code is not MPI_SUCCESS.
void must(int code, const char* step);

/// Which ranks share a node. The ranks of a node are numbered by `local`, nodes by their lowest rank. The first
/// couriers() ranks of each node speak with the other nodes: number i with number i of every other node, over cross().
class NodeLayout {
 public:
  /// Collective. `ranks_per_node`: at most so many ranks of a host count as one node; 0: all of them.
  NodeLayout(MPI_Comm all, int ranks_per_node);
  ~NodeLayout();
  NodeLayout(const NodeLayout&) = delete;
  NodeLayout& operator=(const NodeLayout&) = delete;

  int local() const { return local_; }
  int local_size() const { return static_cast<int>(members(node_).size()); }
  int node() const { return node_; }
  int nodes() const { return static_cast<int>(members_.size()); }
  const std::vector<std::vector<int>>& members() const { return members_; }
  /// The ranks of a node, by their local number.
  const std::vector<int>& members(int node) const { return members_[static_cast<size_t>(node)]; }
  int node_of(int rank) const { return node_of_[static_cast<size_t>(rank)]; }
  /// The local number of `rank` in its node.
  int local_of(int rank) const { return local_of_[static_cast<size_t>(rank)]; }
  /// As many ranks as the smallest node has.
  int couriers() const { return couriers_; }
  /// Whether all nodes have the same number of ranks.
  bool even() const { return even_; }
  /// Of this node's ranks, for setting up.
  MPI_Comm inside() const { return inside_; }
  /// Of the ranks with this rank's local number, by node; null for one that is no courier, or with one node.
  MPI_Comm cross() const { return cross_; }

 private:
  MPI_Comm inside_ = MPI_COMM_NULL, cross_ = MPI_COMM_NULL;
  int local_ = 0, node_ = 0, couriers_ = 1;
  bool even_ = true;
  std::vector<std::vector<int>> members_;
  std::vector<int> node_of_, local_of_;
};

}  // namespace mpi
