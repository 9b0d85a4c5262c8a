#include "byte_stream.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dl/error.h"

namespace vision {

void ByteStream::Close::operator()(gzFile_s* file) const { gzclose(file); }

ByteStream::ByteStream(std::string path) : path_(std::move(path)) {
  errno = 0;
  file_.reset(gzopen(path_.c_str(), "rb"));
  if (!file_) throw dl::Error("can't open " + path_ + ": " + std::strerror(errno));
  gzbuffer(file_.get(), 256 * 1024);
}

bool ByteStream::compressed() { return gzdirect(file_.get()) == 0; }

int64_t ByteStream::read(void* into, int64_t size) {
  auto* bytes = static_cast<char*>(into);
  int64_t done = 0;
  while (done < size) {
    const auto part = static_cast<unsigned>(std::min<int64_t>(size - done, 1 << 30));
    errno = 0;
    const int got = gzread(file_.get(), bytes + done, part);
    int code = Z_OK;
    const char* reason = gzerror(file_.get(), &code);
    if (got < 0 && code == Z_ERRNO) throw dl::Error("can't read " + path_ + ": " + std::strerror(errno));
    if (got < 0) throw dl::Error(path_ + ": the compressed data is damaged (" + reason + "): fetch the file again");
    done += got;
    if (got < static_cast<int>(part)) break;
  }
  return done;
}

}  // namespace vision
