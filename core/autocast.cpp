#include "core/autocast.h"

#include <ATen/autocast_mode.h>

namespace dl::host {

namespace autocast = at::autocast;

Autocast::Cache::Cache() { autocast::increment_nesting(); }

Autocast::Cache::~Cache() {
  if (autocast::decrement_nesting() == 0) autocast::clear_cache();
}

Autocast::Autocast(std::optional<at::ScalarType> dtype, at::DeviceType device)
    : device_(device),
      enabled_before_(autocast::is_autocast_enabled(device)),
      dtype_before_(autocast::get_autocast_dtype(device)) {
  if (dtype) autocast::set_autocast_dtype(device, *dtype);
  autocast::set_autocast_enabled(device, dtype.has_value());
}

Autocast::~Autocast() {
  autocast::set_autocast_enabled(device_, enabled_before_);
  autocast::set_autocast_dtype(device_, dtype_before_);
}

}  // namespace dl::host
