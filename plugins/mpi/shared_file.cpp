#include "shared_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>

namespace mpi {

namespace {

constexpr char kFolder[] = "/dev/shm";

struct flock lock_of(int number, short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = number;
  lock.l_len = 1;
  return lock;
}

}  // namespace

int64_t whole_pages(int64_t bytes) {
  static const int64_t page = sysconf(_SC_PAGESIZE);
  return (bytes + page - 1) / page * page;
}

std::string SharedFile::fresh_name() {
  std::random_device random;
  return "/dlhost-" + std::to_string(getpid()) + "-" + std::to_string(random()) + std::to_string(random());
}

int64_t SharedFile::free_bytes() {
  struct statvfs room {};
  if (statvfs(kFolder, &room) != 0) return 0;
  return static_cast<int64_t>(room.f_bavail) * static_cast<int64_t>(room.f_frsize);
}

SharedFile::SharedFile(const std::string& name, bool create) : name_(name) {
  file_ = shm_open(name.c_str(), O_RDWR | O_CLOEXEC | (create ? O_CREAT | O_EXCL : 0), 0600);
  if (file_ < 0)
    problem_ = std::string("no file can be ") + (create ? "made" : "shared") + " in /dev/shm: " + strerror(errno);
  named_ = create && file_ >= 0;
}

SharedFile::~SharedFile() {
  remove_name();
  if (file_ >= 0) close(file_);
}

void SharedFile::remove_name() {
  if (named_) shm_unlink(name_.c_str());
  named_ = false;
}

bool SharedFile::reserve(int64_t begin, int64_t bytes) {
  int code = EINTR;  // as signals leave it
  while (code == EINTR) code = posix_fallocate(file_, begin, bytes);
  if (code != 0) problem_ = "/dev/shm has no " + std::to_string(bytes >> 20) + " MB more: " + strerror(code);
  return code == 0;
}

void SharedFile::release(int64_t begin, int64_t bytes) {
  (void)fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, begin, bytes);
}

char* SharedFile::map(int64_t begin, int64_t bytes) {
  void* memory = mmap(nullptr, static_cast<size_t>(bytes), PROT_READ | PROT_WRITE, MAP_SHARED, file_, begin);
  if (memory != MAP_FAILED) return static_cast<char*>(memory);
  problem_ = std::string("shared memory can't be mapped: ") + strerror(errno);
  return nullptr;
}

void SharedFile::unmap(char* memory, int64_t bytes) { munmap(memory, static_cast<size_t>(bytes)); }

bool SharedFile::sign_in(int number) {
  auto lock = lock_of(number, F_WRLCK);
  if (fcntl(file_, F_SETLK, &lock) == 0) return true;
  problem_ = std::string("files in /dev/shm can't be locked: ") + strerror(errno);
  return false;
}

bool SharedFile::lives(int number) const {
  auto lock = lock_of(number, F_WRLCK);
  return fcntl(file_, F_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

}  // namespace mpi
