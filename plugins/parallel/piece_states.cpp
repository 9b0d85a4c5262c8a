#include "piece_states.h"

#include <ATen/ops/full.h>

#include <vector>

#include "state_directory.h"
#include "visiting.h"

namespace parallel {

namespace {

struct Visit {
  const dl::BackendContext& context;
  std::span<const dl::NamedTensor> wholes;
  std::span<const Piece> pieces;
  std::span<dl::Param> params;
  OffloadFile* offload;
  bool write;
  const dl::Backend::Visitor& visitor;

  // How often each parameter was updated: whoever holds a piece of it knows.
  dl::Tensor steps() const {
    dl::Tensor steps = at::full({static_cast<int64_t>(wholes.size())}, 0, at::kLong);
    auto* counts = steps.mutable_data_ptr<int64_t>();
    for (size_t i = 0; i < pieces.size(); ++i) counts[pieces[i].parameter] = params[i].step;
    if (context.control.size() > 1) context.control.all_reduce(steps, dl::ReduceOp::max, "counts of updates");
    return steps;
  }

  void step(size_t parameter, const dl::Tensor& steps) const {
    const auto step = steps[static_cast<int64_t>(parameter)].clone();
    visit_tensor({dl::NetworkEntry::Type::state, wholes[parameter].name, "step"}, step, write, visitor);
    for (size_t i = 0; i < pieces.size(); ++i)
      if (pieces[i].parameter == parameter) params[i].step = step.item<int64_t>();
  }

  void state(const StateEntry& entry) const {
    const auto& [name, whole] = wholes[entry.parameter];
    dl::Tensor none = at::full({0}, 0, whole.options().dtype(entry.dtype)), *own = &none;
    int64_t offset = 0;
    for (size_t i = 0; i < pieces.size(); ++i)
      if (pieces[i].parameter == entry.parameter) {
        own = &params[i].state(entry.key);
        offset = pieces[i].offset;
      }
    const auto flat = context.communicator.all_gather_rows(own->view({-1}), entry.key + " of " + name);
    visit_tensor({dl::NetworkEntry::Type::state, name, entry.key}, view_like(whole, flat, 0), write, visitor);
    if (write) own->view({-1}).copy_(flat.narrow(0, offset, own->numel()));
    if (offload) offload->let_go();
  }
};

}  // namespace

void visit_piece_states(const dl::BackendContext& context, std::span<const dl::NamedTensor> wholes,
                        std::span<const Piece> pieces, std::span<dl::Param> params, OffloadFile* offload, bool write,
                        const dl::Backend::Visitor& visitor) {
  const Visit visit{context, wholes, pieces, params, offload, write, visitor};
  std::vector<size_t> parameters;
  for (const auto& piece : pieces) parameters.push_back(piece.parameter);
  const auto entries = all_states(context.control, params, parameters);
  const auto steps = visit.steps();
  auto entry = entries.begin();
  for (size_t parameter = 0; parameter < wholes.size(); ++parameter) {
    visit.step(parameter, steps);
    for (; entry != entries.end() && entry->parameter == parameter; ++entry) visit.state(*entry);
  }
}

}  // namespace parallel
