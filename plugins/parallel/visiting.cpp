#include "visiting.h"

#include "dl/error.h"

namespace parallel {

void visit_tensor(const dl::NetworkEntry& entry, const dl::Tensor& kept, bool write,
                  const dl::Backend::Visitor& visitor) {
  dl::Tensor whole = kept;
  visitor(entry, whole);
  if (!write || whole.is_same(kept)) return;
  if (!whole.defined() || whole.sizes() != kept.sizes())
    throw dl::Error(entry.name + (entry.state.empty() ? "" : " (" + entry.state + ")") + " has the shape " +
                    c10::str(kept.sizes()) + ", the value written to it " +
                    (whole.defined() ? c10::str(whole.sizes()) : "is undefined"));
  kept.copy_(whole);
}

}  // namespace parallel
