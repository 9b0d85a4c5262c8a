#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dl::host {

/// The sections of a 64-bit little-endian ELF file. Every offset and length is checked against the file, which may be
/// cut off or made to deceive; the file is read, not mapped, so that one being rewritten can't kill this process.
class ElfFile {
 public:
  enum class Type { elf, other_class, no_elf, damaged };

  explicit ElfFile(const std::filesystem::path& path);
  ~ElfFile();
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  Type type() const { return type_; }
  const std::string& reason() const { return reason_; }         ///< in words, for every type but `elf`
  const std::string& architecture() const { return machine_; }  ///< "x86-64", …; known for `elf` and `other_class`

  /// The bytes of the section `name`; nothing where there is none. Turns the type to `damaged` where it is not all
  /// there.
  std::optional<std::string> section(const std::string& name);
  /// DT_NEEDED, as far as it can be read.
  std::vector<std::string> needed();

 private:
  struct Section {
    std::string name;
    uint32_t type, link;
    uint64_t offset, size;
  };
  bool read(uint64_t offset, void* out, size_t size) const;
  std::optional<std::string> bytes(uint64_t offset, uint64_t size, uint64_t limit) const;
  void read_header();
  void read_sections(uint64_t offset, uint64_t count, uint32_t names);
  void fail(Type type, std::string reason);

  int fd_ = -1;
  uint64_t size_ = 0;
  Type type_ = Type::elf;
  std::string reason_, machine_;
  std::vector<Section> sections_;
};

/// This program's, in ElfFile's words.
std::string host_architecture();

}  // namespace dl::host
