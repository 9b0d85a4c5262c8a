// Classes whose schemas are wrong, and one that is right beside them.
#include "dl/dl.h"

namespace {

struct Options {
  int64_t width = 0;
  std::string mode = "min";
};

/// `change`: what is wrong with the schema.
template <void (*change)(dl::Schema<Options>&)>
class Bad final : public dl::Metric {
 public:
  static dl::Schema<Options> schema() {
    dl::Schema<Options> schema("A metric of nothing.");
    change(schema);
    return schema;
  }
  explicit Bad(const Options&) {}
  dl::Tensor update(const dl::Tensor&, const dl::Tensor&) const override { return {}; }
  std::vector<std::pair<std::string, double>> compute(const dl::Tensor&) const override { return {}; }
};

void right(dl::Schema<Options>& s) { s.field("width", &Options::width, "a width", dl::at_least(0)); }
void twice(dl::Schema<Options>& s) {
  right(s);
  right(s);
}
void outside(dl::Schema<Options>& s) { s.field("width", &Options::width, "a width", dl::at_least(1)); }
void unwritable(dl::Schema<Options>& s) { s.field("the mode", &Options::mode, "a mode"); }
void needs_twice(dl::Schema<Options>& s) { s.needs(dl::Kind::network, "main").needs(dl::Kind::network, "main"); }

}  // namespace

DL_PLUGIN("bad_schema", "1.0.0", "Wrong schemas") {
  r.add<Bad<twice>>("Twice").add<Bad<outside>>("Outside").add<Bad<unwritable>>("Unwritable");
  r.add<Bad<needs_twice>>("NeedsTwice").add<Bad<right>>("Right").add<Bad<right>>("No.Name");
  r.add({dl::Kind::metric, dl::Metric::kAbi, "Empty", "Registered by hand", {}, {}, {}, {}, {}, {}});
}
