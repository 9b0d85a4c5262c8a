#include "core/file_checksum.h"

#include <fcntl.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "core/posix_file.h"

namespace dl::host {

std::string file_checksum(const std::filesystem::path& path) {
  const auto file = PosixFile::open(path, O_RDONLY);
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_128bits_reset(state.get());

  std::vector<char> buffer(std::size_t{1} << 20);
  const int64_t size = file.size();
  for (int64_t offset = 0; offset < size;) {
    const auto count = static_cast<std::size_t>(std::min<int64_t>(size - offset, static_cast<int64_t>(buffer.size())));
    file.read_at(buffer.data(), count, offset);
    XXH3_128bits_update(state.get(), buffer.data(), count);
    offset += static_cast<int64_t>(count);
  }

  const XXH128_hash_t sum = XXH3_128bits_digest(state.get());
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(sum.high64),
                static_cast<unsigned long long>(sum.low64));
  return text;
}

}  // namespace dl::host
