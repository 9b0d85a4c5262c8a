#pragma once
#include <cstdint>
#include <string>

namespace mpi {

/// Memory that the processes of a host share: a file without a name in /dev/shm, gone when the last of them ends.
/// Errors are answers, not exceptions: whether there is a window is agreed on by all ranks.
class SharedFile {
 public:
  /// A name that nobody else uses.
  static std::string fresh_name();
  /// Bytes that may still be taken in /dev/shm; 0 where there is none.
  static int64_t free_bytes();

  /// Creates the file, or opens the one that another process has created. open() says whether that worked, problem()
  /// why not.
  SharedFile(const std::string& name, bool create);
  ~SharedFile();
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;

  bool open() const { return file_ >= 0; }
  const std::string& problem() const { return problem_; }
  /// Once all have opened it; by who created it.
  void remove_name();

  /// Takes memory for this part of the file, zeroed, so that no later access to it can fail. False where there is none.
  bool reserve(int64_t begin, int64_t bytes);
  /// Gives it back; reads as zeroes from then on.
  void release(int64_t begin, int64_t bytes);
  /// Null where the address space has no room.
  char* map(int64_t begin, int64_t bytes);
  static void unmap(char* memory, int64_t bytes);

  /// Each process locks the byte of its own number; the kernel unlocks it when the process dies, however it does.
  bool sign_in(int number);
  bool lives(int number) const;

 private:
  const std::string name_;
  int file_ = -1;
  bool named_ = false;
  std::string problem_;
};

/// Rounded up to whole pages.
int64_t whole_pages(int64_t bytes);

}  // namespace mpi
