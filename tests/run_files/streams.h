#pragma once
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>

/// A FILE that is no terminal, and what was written to it.
class TextStream {
 public:
  ~TextStream() { std::fclose(file_); }
  std::FILE* file() { return file_; }
  std::string text() {
    std::fflush(file_);
    std::string text(static_cast<std::size_t>(::lseek(::fileno(file_), 0, SEEK_END)), '\0');
    if (::pread(::fileno(file_), text.data(), text.size(), 0) < 0) throw std::runtime_error("cannot read");
    return text;
  }

 private:
  std::FILE* file_ = std::tmpfile();
};

/// A FILE that is a terminal, and what was written to it since the last look.
class TerminalStream {
 public:
  TerminalStream() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)) {
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) throw std::runtime_error("no terminal");
    const int slave = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
    termios settings{};
    ::tcgetattr(slave, &settings);
    ::cfmakeraw(&settings);
    ::tcsetattr(slave, TCSANOW, &settings);
    file_ = ::fdopen(slave, "w");
  }
  ~TerminalStream() {
    std::fclose(file_);
    ::close(master_);
  }
  std::FILE* file() { return file_; }
  std::string text() {
    std::fflush(file_);
    std::string text;
    char block[4096];
    for (ssize_t count; (count = ::read(master_, block, sizeof block)) > 0;)
      text.append(block, static_cast<std::size_t>(count));
    return text;
  }

 private:
  int master_;
  std::FILE* file_ = nullptr;
};
