#pragma once
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <filesystem>
#include <string>

#include "support/temporary_folder.h"

/// A file system of a few bytes, to be filled up. Only root may make one: works() says whether it was had.
class SmallDisk {
 public:
  explicit SmallDisk(std::size_t bytes) {
    const std::string options = "size=" + std::to_string(bytes);
    works_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
    if (!works_) BOOST_TEST_MESSAGE("no small disk to fill: " << std::strerror(errno));
  }
  ~SmallDisk() {
    if (works_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool works() const { return works_; }
  const std::filesystem::path& path() const { return folder_.path(); }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return folder_ / name; }

 private:
  TemporaryFolder folder_;
  bool works_ = false;
};

/// While it lives no file of this process may grow beyond `bytes`: what a full disk or a quota does, without root.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::size_t bytes) : old_handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit = old_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_{};
  sighandler_t old_handler_;
};
