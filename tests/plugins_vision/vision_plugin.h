#pragma once
#include "support/loaded_plugin.h"

inline const support::LoadedPlugin& plugin() {
  static const support::LoadedPlugin loaded(DL_PLUGIN_FILE);
  return loaded;
}
