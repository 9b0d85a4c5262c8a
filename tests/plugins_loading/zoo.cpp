#include "zoo.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace fs = std::filesystem;

namespace zoo {

fs::path TempFolder::write(const fs::path& name, const std::string& bytes) const {
  fs::create_directories((path() / name).parent_path());
  std::ofstream(path() / name, std::ios::binary) << bytes;
  return path() / name;
}

fs::path TempFolder::add(const std::string& name, const fs::path& as) const {
  return write(as.empty() ? fs::path(name + ".so") : as, read(file(name)));
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

fs::path folder() { return DL_ZOO; }
fs::path file(const std::string& name) { return folder() / (name + ".so"); }
dl::host::PluginPlace place(const std::string& name) { return {name, folder(), file(name), {}}; }

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) BOOST_TEST_MESSAGE("no \"" << part << "\" in:\n" << text);
  return found;
}

}  // namespace zoo
