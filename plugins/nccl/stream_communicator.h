#pragma once
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dl/communicator.h"
#include "transport.h"
#include "watchdog.h"

namespace nccl {

/// Collectives of tensors on a device, put on one stream of their own in the order of the calls. A call returns once it
/// is on the stream: what the caller's current stream does next runs after it, and it runs after what that stream did
/// before. What start() is given is put there at once, by the calling thread; only wait() makes the current stream wait
/// for it, so it runs beside whatever comes between. barrier() alone waits on the CPU. Small facts (how many rows, what
/// keeps a rank) go over `control`. Beyond the interface: all_gather and reduce_scatter take a `piece` that is this
/// rank's part of `whole` itself; dtypes that are only moved may be any. After a call has failed all later ones do.
class StreamCommunicator : public dl::Communicator {
 public:
  /// `control` must outlive this object. Of the ranks of `control`, all make one.
  StreamCommunicator(dl::Communicator& control, at::Device device, std::unique_ptr<Transport> transport,
                     double timeout_s);
  ~StreamCommunicator() override;

  int rank() const override { return control_.rank(); }
  int size() const override { return control_.size(); }
  int local_rank() const override { return control_.local_rank(); }
  int local_size() const override { return control_.local_size(); }
  std::vector<std::string> hosts() const override { return control_.hosts(); }

  dl::Tensor allocate(int64_t elements, at::ScalarType dtype) override;
  void all_reduce(dl::Tensor& tensor, dl::ReduceOp op, std::string_view what) override;
  void all_gather(dl::Tensor& whole, const dl::Tensor& piece, std::string_view what) override;
  dl::Tensor all_gather_rows(const dl::Tensor& rows, std::string_view what) override;
  void reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op, std::string_view what) override;
  void broadcast(dl::Tensor& tensor, int root, std::string_view what) override;
  void barrier(std::string_view what) override;
  std::shared_ptr<dl::Work> start(std::function<void()> collective) override;
  void abort(int code) noexcept override { control_.abort(code); }

 private:
  /// `put` puts the collective on the stream, which works on `tensors`.
  void run(const char* operation, std::string_view what, std::initializer_list<const dl::Tensor*> tensors,
           const std::function<void()>& put);
  c10::Stream current() const;

  dl::Communicator& control_;
  const at::Device device_;
  const std::string who_;
  const int exceptions_;  // in flight when this was made
  std::unique_ptr<Transport> transport_;
  c10::Stream stream_;
  dl::Tensor flag_;  // for barriers
  int64_t calls_ = 0;
  std::unique_ptr<Watchdog> watchdog_;
};

}  // namespace nccl
