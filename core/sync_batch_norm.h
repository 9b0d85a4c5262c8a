#pragma once
#include <map>
#include <memory>
#include <string>

#include "dl/batch_norm.h"
#include "dl/network.h"

namespace dl::host {

/// Makes every dl::BatchNorm of the networks work over the ranks of `communicator`, which must outlive them. Throws
/// UsageError naming a batch norm of torch::nn, which can't. Returns what the layers share: the train step says in it
/// which micro-batches are padding. All ranks.
std::shared_ptr<BatchNormSync> sync_batch_norms(const std::map<std::string, std::shared_ptr<Network>>& networks,
                                                Communicator& communicator);

}  // namespace dl::host
