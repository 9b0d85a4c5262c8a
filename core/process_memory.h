#pragma once
#include <cstdint>

namespace dl::host {

/// This process's memory in bytes, from /proc/self. A figure the system doesn't give is 0.
struct ProcessMemory {
  int64_t peak_rss = 0;  ///< VmHWM, else getrusage: the most that was resident since the start
  int64_t rss = 0;       ///< VmRSS: resident now
  int64_t rss_anon = 0;  ///< RssAnon: of it, this process's own pages
  int64_t rss_file = 0;  ///< RssFile: of it, pages of files, which processes share
  int64_t pss =
      0;  ///< of smaps_rollup: resident, shared pages divided by the processes that share them. Costs milliseconds

  static ProcessMemory now();
};

}  // namespace dl::host
