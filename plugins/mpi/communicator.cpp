#include "communicator.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <cstring>

#include "checks.h"
#include "collectives.h"
#include "row_layout.h"

namespace mpi {

namespace {

char* bytes_of(const dl::Tensor& tensor) { return static_cast<char*>(tensor.data_ptr()); }

}  // namespace

Communicator::Communicator(const CommunicatorOptions& options, const dl::CommunicatorContext& context)
    : all_(std::make_shared<Collectives>(context.timeout_s, static_cast<int>(options.ranks_per_node), options.window,
                                         options.chunk_bytes)) {}

Communicator::~Communicator() {
  if (all_->session.healthy()) return;
  all_->session.leave();
  thread_.abandon();
}

int Communicator::rank() const { return all_->session.rank(); }
int Communicator::size() const { return all_->session.size(); }
int Communicator::local_rank() const { return all_->session.layout().local(); }
int Communicator::local_size() const { return all_->session.layout().local_size(); }
std::vector<std::string> Communicator::hosts() const { return all_->session.hosts(); }
void Communicator::abort(int code) noexcept { all_->session.abort(code); }

dl::Tensor Communicator::allocate(int64_t elements, at::ScalarType dtype) {
  thread_.drain();
  dl::Tensor buffer;
  if (all_->window)
    all_->session.run("allocate", "a buffer", [&] { buffer = all_->window->allocate(elements, dtype); });
  return buffer.defined() ? buffer : at::zeros({elements}, dtype);
}

void Communicator::all_reduce(dl::Tensor& tensor, dl::ReduceOp op, std::string_view what) {
  check_reducible("all_reduce", what, tensor);
  thread_.drain();
  if (size() == 1) return;
  all_->session.run("all_reduce", what, [&, all = all_.get()] {
    all->window ? all->window->all_reduce(tensor, op) : all->flat.all_reduce(tensor, op);
  });
}

void Communicator::all_gather(dl::Tensor& whole, const dl::Tensor& piece, std::string_view what) {
  check_pieces("all_gather", what, whole, piece, size());
  thread_.drain();
  if (size() == 1) {
    if (bytes_of(piece) != bytes_of(whole)) std::memcpy(bytes_of(whole), bytes_of(piece), piece.nbytes());
    return;
  }
  all_->session.run("all_gather", what, [&, all = all_.get()] {
    all->window && all->window->even() ? all->window->all_gather(whole, piece) : all->flat.all_gather(whole, piece);
  });
}

dl::Tensor Communicator::all_gather_rows(const dl::Tensor& rows, std::string_view what) {
  check_tensor("all_gather_rows", what, rows);
  RowLayout mine = row_layout(rows, what);
  thread_.drain();
  if (size() == 1) return rows.clone();
  auto* all = all_.get();
  std::vector<RowLayout> layouts(static_cast<size_t>(size()));
  all->session.run("all_gather_rows", what, [&] {
    const auto bytes = [](RowLayout* of, size_t count) {
      return at::from_blob(of, {static_cast<int64_t>(count * sizeof(RowLayout))}, at::TensorOptions().dtype(at::kByte));
    };
    dl::Tensor to = bytes(layouts.data(), layouts.size());
    const dl::Tensor from = bytes(&mine, 1);
    all->window && all->window->even() ? all->window->all_gather(to, from) : all->flat.all_gather(to, from);
  });
  check_same_rows(layouts, rank(), what);

  auto shape = rows.sizes().vec();
  shape[0] = 0;
  std::vector<int64_t> lengths;
  for (const auto& layout : layouts) {
    shape[0] += layout.rows;
    lengths.push_back(layout.rows * mine.row_bytes());
  }
  dl::Tensor whole = at::empty(shape, rows.options());
  all->session.run("all_gather_rows", what, [&] {
    if (all->window && all->session.layout().nodes() == 1)
      all->window->all_gather_uneven(bytes_of(whole), bytes_of(rows), lengths);
    else
      all->flat.all_gather_uneven(bytes_of(whole), bytes_of(rows), lengths);
  });
  return whole;
}

void Communicator::reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op, std::string_view what) {
  check_pieces("reduce_scatter", what, whole, piece, size());
  check_reducible("reduce_scatter", what, piece);
  thread_.drain();
  if (size() == 1) {
    if (bytes_of(piece) != bytes_of(whole)) std::memcpy(bytes_of(piece), bytes_of(whole), piece.nbytes());
    return;
  }
  all_->session.run("reduce_scatter", what, [&, all = all_.get()] {
    all->window && all->window->even() ? all->window->reduce_scatter(piece, whole, op)
                                       : all->flat.reduce_scatter(piece, whole, op);
  });
}

void Communicator::broadcast(dl::Tensor& tensor, int root, std::string_view what) {
  check_tensor("broadcast", what, tensor);
  check_root("broadcast", what, root, size());
  thread_.drain();
  if (size() == 1) return;
  all_->session.run("broadcast", what, [&, all = all_.get()] {
    all->window ? all->window->broadcast(tensor, root) : all->flat.broadcast(tensor, root);
  });
}

void Communicator::barrier(std::string_view what) {
  thread_.drain();
  if (size() == 1) return;
  all_->session.run("barrier", what,
                    [all = all_.get()] { all->window ? all->window->barrier() : all->flat.barrier(); });
}

std::shared_ptr<dl::Work> Communicator::start(std::function<void()> collective) {
  return thread_.push([all = all_, collective = std::move(collective)] { collective(); });
}

}  // namespace mpi
