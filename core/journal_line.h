#pragma once
#include <string>
#include <string_view>

#include "dl/logger.h"

namespace dl::host {

/// An event as one line of JSON, without the newline:
///   {"time_ms": 1, "step": 120, "epoch": 1, "metrics": {"train_loss": 0.43, "lr": 0.01}}
///   {"time_ms": 1, "step": 0, "epoch": 0, "type": "params", "params": {…}}
///   … "type": "image" or "histogram", "name": "…", "path": "artifacts/….safetensors" (the tensor's file)
///   … "type": "artifact", "name": "…", "path": "…"      … "type": "status", "name": "finished"
/// NaN and infinities are the strings "NaN", "Infinity", "-Infinity"; finite numbers keep every bit.
/// `offset` and `tensor` are not in the line.
std::string journal_line(const Event& event);

/// The inverse. Throws Error that says what is wrong with the line. Keys of later versions are passed over.
Event parse_journal_line(std::string_view line);

}  // namespace dl::host
