#include "core/process_memory.h"

#include <sys/resource.h>

#include <fstream>
#include <string>

namespace dl::host {

namespace {

/// The figure of a line "Key:   123 kB", in bytes; 0 where there is none.
int64_t figure(const char* file, const std::string& key) {
  std::ifstream in(file);
  for (std::string word; in >> word;) {
    if (word == key) {
      int64_t kilobytes = 0;
      in >> kilobytes;
      return kilobytes * 1024;
    }
    std::getline(in, word);
  }
  return 0;
}

}  // namespace

ProcessMemory ProcessMemory::now() {
  ProcessMemory memory;
  memory.rss = figure("/proc/self/status", "VmRSS:");
  memory.rss_anon = figure("/proc/self/status", "RssAnon:");
  memory.rss_file = figure("/proc/self/status", "RssFile:");
  memory.peak_rss = figure("/proc/self/status", "VmHWM:");
  if (rusage usage{}; memory.peak_rss == 0 && ::getrusage(RUSAGE_SELF, &usage) == 0)
    memory.peak_rss = int64_t{usage.ru_maxrss} * 1024;
  memory.pss = figure("/proc/self/smaps_rollup", "Pss:");
  return memory;
}

}  // namespace dl::host
