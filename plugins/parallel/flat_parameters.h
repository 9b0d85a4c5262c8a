#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bucket.h"
#include "dl/communicator.h"
#include "offload_file.h"

namespace parallel {

/// Where parameters lie in a flat buffer.
struct FlatLayout {
  std::vector<int64_t> offsets;  ///< by parameter, in elements, multiples of kSliceAlignment
  int64_t elements = 0;          ///< without the padding at the end
};

/// One after the other, each at a multiple of kSliceAlignment.
FlatLayout lay_out(std::span<const dl::Tensor> parameters);

/// The values of parameters of one dtype, end to end in a buffer of which each rank has a piece (see pieces.h). The
/// parameters become views of the buffer, so that their storage is there when the buffer is. `streamed`: between uses
/// it is not, and only the piece is kept; else all is kept, and the piece is a part of it. Training thread, or
/// autograd's; all ranks make the same calls in the same order.
class FlatParameters {
 public:
  /// `what`: in messages. The parameters' values are taken over. `file`: where a streamed piece is kept; null: in
  /// memory.
  FlatParameters(std::string what, std::vector<dl::Tensor> parameters, FlatLayout layout, bool streamed,
                 dl::Communicator& communicator, std::shared_ptr<OffloadFile> file = nullptr);

  const std::string& what() const { return what_; }
  const std::vector<dl::Tensor>& parameters() const { return parameters_; }
  const FlatLayout& layout() const { return layout_; }
  bool streamed() const { return streamed_; }
  int64_t padded_elements() const { return piece_.numel() * communicator_.size(); }
  /// This rank's piece: what the optimizer changes.
  const dl::Tensor& piece() const { return piece_; }

  /// Makes the whole values available to the parameters. Streamed: if they are not there yet.
  void gather();
  /// Begins to, beside the caller; gather() waits for it. Streamed only.
  void start_gather();
  /// The memory of the whole values is free again. Streamed only; nothing where it is free already.
  void release();

  /// A backward pass of its own is to come for a use of them, as of a unit under activation checkpointing.
  void await_pass() { ++awaited_; }
  void pass_done() { awaited_ = awaited_ > 0 ? awaited_ - 1 : 0; }
  void await_nothing() { awaited_ = 0; }
  bool awaits_pass() const { return awaited_ > 0; }

  /// A copy of all values, and back: this rank keeps its piece of it. Streamed only.
  dl::Tensor whole() const;
  void keep(const dl::Tensor& whole);

  /// From here on `parameter`, one of parameters(), is a tensor of its own, with its value. Streamed only; the pieces
  /// move, so before anything else knows them.
  void take_out(const dl::Tensor& parameter);

 private:
  void take_over();
  void let_go() const;
  void fill_flat();
  dl::Tensors views_of(const dl::Tensor& flat) const;
  void show(const dl::Tensors& views);

  const std::string what_;
  std::vector<dl::Tensor> parameters_;
  FlatLayout layout_;
  const bool streamed_;
  dl::Communicator& communicator_;
  const std::shared_ptr<OffloadFile> file_;
  dl::Tensor flat_, piece_;
  // What parameters are while flat_ is there, and while it is not. Made once: a view of absent memory can't be taken
  // under a profiler, which looks at it.
  dl::Tensors present_, absent_;
  bool gathered_ = true;
  int awaited_ = 0;
  std::shared_ptr<dl::Work> gathering_;
};

/// One for each of the plan's buckets; kept whole.
std::vector<std::unique_ptr<FlatParameters>> flat_buckets(const std::string& name,
                                                          std::span<const dl::Tensor> parameters,
                                                          const BucketPlan& plan, dl::Communicator& communicator);

}  // namespace parallel
