#include <ATen/ops/zeros.h>

#include <stdexcept>

#include "contract.h"
#include "dl/error.h"

namespace dl::testing {

namespace {

// Refused on every rank before anything is sent; the message names operation and `what`.
void refuses(const std::string& operation, const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    const std::string text = error.what();
    require(text.find(operation) != std::string::npos && text.find("\"weights\"") != std::string::npos,
            "does not name operation and purpose: " + text);
    return;
  }
  throw std::runtime_error(operation + " accepted what it can't do");
}

void refuses_tensors_with_gaps(Communicator& c, at::Device device) {
  Tensor gaps = at::zeros({8, 6}, on(device, at::kFloat)).t();
  Tensor flat = at::zeros({48 * c.size()}, on(device, at::kFloat));
  refuses("all_reduce", [&] { c.all_reduce(gaps, ReduceOp::sum, "weights"); });
  refuses("broadcast", [&] { c.broadcast(gaps, 0, "weights"); });
  refuses("all_gather", [&] { c.all_gather(flat, gaps, "weights"); });
  refuses("reduce_scatter", [&] { c.reduce_scatter(gaps, flat, ReduceOp::sum, "weights"); });
  refuses("all_gather_rows", [&] { c.all_gather_rows(gaps, "weights"); });
}

void refuses_undefined_tensors(Communicator& c, at::Device) {
  Tensor none;
  refuses("all_reduce", [&] { c.all_reduce(none, ReduceOp::sum, "weights"); });
  refuses("broadcast", [&] { c.broadcast(none, 0, "weights"); });
}

void refuses_pieces_that_dont_fit(Communicator& c, at::Device device) {
  Tensor whole = at::zeros({10 * c.size()}, on(device, at::kFloat));
  Tensor short_piece = at::zeros({9}, on(device, at::kFloat)), other_piece = at::zeros({10}, on(device, at::kDouble));
  for (auto* piece : {&short_piece, &other_piece}) {
    refuses("all_gather", [&] { c.all_gather(whole, *piece, "weights"); });
    refuses("reduce_scatter", [&] { c.reduce_scatter(*piece, whole, ReduceOp::sum, "weights"); });
  }
}

void refuses_roots_that_dont_exist(Communicator& c, at::Device device) {
  Tensor tensor = at::zeros({3}, on(device, at::kFloat));
  refuses("broadcast", [&] { c.broadcast(tensor, c.size(), "weights"); });
  refuses("broadcast", [&] { c.broadcast(tensor, -1, "weights"); });
}

void refuses_rows_of_a_scalar(Communicator& c, at::Device device) {
  refuses("all_gather_rows", [&] { c.all_gather_rows(at::zeros({}, on(device, at::kFloat)), "weights"); });
}

}  // namespace

std::vector<Contract> refusal_contracts() {
  return {{"refuses_tensors_with_gaps", refuses_tensors_with_gaps},
          {"refuses_undefined_tensors", refuses_undefined_tensors},
          {"refuses_pieces_that_dont_fit", refuses_pieces_that_dont_fit},
          {"refuses_roots_that_dont_exist", refuses_roots_that_dont_exist},
          {"refuses_rows_of_a_scalar", refuses_rows_of_a_scalar}};
}

}  // namespace dl::testing
