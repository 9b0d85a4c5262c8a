#include "core/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace dl::host {
namespace {

// No honest plugin comes near these: what lies beyond them is not worth the memory.
constexpr uint64_t kMaxNames = 16U << 20U;
constexpr uint64_t kMaxSection = 1U << 20U;

std::string machine_name(uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "AArch64";
    case EM_386:
      return "x86";
    case EM_ARM:
      return "ARM";
    case EM_PPC64:
      return "PowerPC 64";
    case EM_RISCV:
      return "RISC-V";
    case EM_S390:
      return "IBM Z";
    default:
      return "ELF machine " + std::to_string(machine);
  }
}

/// The text at `offset` of a string table; empty where it lies outside or doesn't end.
std::string text_at(const std::string& table, uint64_t offset) {
  if (offset >= table.size()) return "";
  const auto end = table.find('\0', offset);
  return end == std::string::npos ? "" : table.substr(offset, end - offset);
}

}  // namespace

ElfFile::ElfFile(const std::filesystem::path& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct stat info {};
  if (fd_ < 0 || ::fstat(fd_, &info) != 0) {
    fail(Type::damaged, "can't be read: " + std::string(std::strerror(errno)));
  } else if (!S_ISREG(info.st_mode)) {
    fail(Type::no_elf, "not a regular file");
  } else {
    size_ = static_cast<uint64_t>(info.st_size);
    read_header();
  }
}

ElfFile::~ElfFile() {
  if (fd_ >= 0) ::close(fd_);
}

void ElfFile::fail(Type type, std::string reason) {
  type_ = type;
  reason_ = std::move(reason);
  sections_.clear();
}

bool ElfFile::read(uint64_t offset, void* out, size_t size) const {
  if (offset > size_ || size > size_ - offset) return false;
  auto* to = static_cast<char*>(out);
  while (size > 0) {
    const auto got = ::pread(fd_, to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<size_t>(got);
  }
  return true;
}

std::optional<std::string> ElfFile::bytes(uint64_t offset, uint64_t size, uint64_t limit) const {
  if (size > limit || offset > size_ || size > size_ - offset) return {};
  std::string out(size, '\0');
  if (!read(offset, out.data(), out.size())) return {};
  return out;
}

void ElfFile::read_header() {
  Elf64_Ehdr header{};
  if (!read(0, header.e_ident, EI_NIDENT) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return fail(Type::no_elf, size_ == 0 ? "an empty file" : "not an ELF file");
  const bool wide = header.e_ident[EI_CLASS] == ELFCLASS64, little = header.e_ident[EI_DATA] == ELFDATA2LSB;
  uint16_t machine = 0;  // lies at the same place in both classes
  if (!read(offsetof(Elf64_Ehdr, e_machine), &machine, sizeof machine))
    return fail(Type::damaged, "cut off in its ELF header");
  machine_ = machine_name(little ? machine : static_cast<uint16_t>(__builtin_bswap16(machine)));
  if (!wide || !little) {
    machine_ += wide ? ", big-endian" : ", 32-bit";
    return fail(Type::other_class, "an ELF file of another class (" + machine_ + ")");
  }
  if (!read(0, &header, sizeof header)) return fail(Type::damaged, "cut off in its ELF header");
  if (header.e_shoff == 0) return;  // no section table: nothing to find
  if (header.e_shentsize != sizeof(Elf64_Shdr))
    return fail(Type::damaged, "its ELF section table has entries of a wrong size");
  uint64_t count = header.e_shnum;
  uint32_t names = header.e_shstrndx;
  if (count == 0 || names == SHN_XINDEX) {  // more than the header's fields hold: the real ones are in section 0
    Elf64_Shdr first{};
    if (!read(header.e_shoff, &first, sizeof first))
      return fail(Type::damaged, "cut off: its ELF section table is missing");
    if (count == 0) count = first.sh_size;
    if (names == SHN_XINDEX) names = first.sh_link;
  }
  read_sections(header.e_shoff, count, names);
}

void ElfFile::read_sections(uint64_t offset, uint64_t count, uint32_t names) {
  const auto table =
      count > kMaxNames / sizeof(Elf64_Shdr) ? std::nullopt : bytes(offset, count * sizeof(Elf64_Shdr), kMaxNames);
  if (!table) {
    return fail(Type::damaged, "cut off or damaged: the file has " + std::to_string(size_) +
                                   " bytes, its ELF section table should begin at byte " + std::to_string(offset) +
                                   "; build or copy it again");
  }
  std::vector<Elf64_Shdr> headers(count);
  if (count) std::memcpy(headers.data(), table->data(), table->size());
  const auto text = names < count ? bytes(headers[names].sh_offset, headers[names].sh_size, kMaxNames) : std::nullopt;
  if (!text)
    return fail(Type::damaged,
                "cut off or damaged: the names of its ELF sections are not in the file; build or copy it again");
  for (const auto& header : headers)
    sections_.push_back(
        {text_at(*text, header.sh_name), header.sh_type, header.sh_link, header.sh_offset, header.sh_size});
}

std::optional<std::string> ElfFile::section(const std::string& name) {
  for (const auto& section : sections_) {
    if (section.name != name || section.type != SHT_PROGBITS) continue;
    auto found = bytes(section.offset, section.size, kMaxSection);
    if (!found)
      fail(Type::damaged,
           "cut off or damaged: its section " + name + " is not all in the file; build or copy it again");
    return found;
  }
  return {};
}

std::vector<std::string> ElfFile::needed() {
  std::vector<std::string> out;
  for (const auto& section : sections_) {
    if (section.type != SHT_DYNAMIC || section.link >= sections_.size()) continue;
    const auto& names = sections_[section.link];
    const auto entries = bytes(section.offset, section.size, kMaxSection);
    const auto text = bytes(names.offset, names.size, kMaxNames);
    if (!entries || !text) continue;
    for (size_t at = 0; at + sizeof(Elf64_Dyn) <= entries->size(); at += sizeof(Elf64_Dyn)) {
      Elf64_Dyn entry{};
      std::memcpy(&entry, entries->data() + at, sizeof entry);
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_NEEDED) out.push_back(text_at(*text, entry.d_un.d_val));
    }
  }
  return out;
}

std::string host_architecture() {
#if defined(__x86_64__)
  return machine_name(EM_X86_64);
#elif defined(__aarch64__)
  return machine_name(EM_AARCH64);
#else
#error "name this machine's ELF architecture here"
#endif
}

}  // namespace dl::host
