// What the documentation shows is what is compiled and runs.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <sstream>

#include "end_to_end/program.h"

using namespace end_to_end;

namespace {

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The fenced blocks of this language.
std::vector<std::string> blocks(const std::string& markdown, const std::string& language) {
  std::vector<std::string> out;
  const auto fence = "```" + language + "\n";
  for (size_t at = 0; (at = markdown.find(fence, at)) != std::string::npos;) {
    at += fence.size();
    const auto end = markdown.find("```", at);
    out.push_back(markdown.substr(at, end - at));
    at = end;
  }
  return out;
}

std::string example_config() {
  const auto found = blocks(read(SOURCE "/docs/plugins.md"), "toml");
  BOOST_REQUIRE(!found.empty());
  return found.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(docs)

BOOST_AUTO_TEST_CASE(every_snippet_is_compiled) {
  const auto source = read(SOURCE "/tests/docs/examples.cpp");
  const auto snippets = blocks(read(SOURCE "/docs/plugins.md"), "cpp");
  BOOST_TEST(snippets.size() >= 10U);
  for (const auto& snippet : snippets) {
    const bool found = source.find(snippet) != std::string::npos;
    BOOST_TEST(found, "docs/plugins.md has what tests/docs/examples.cpp does not:\n" << snippet);
  }
}

BOOST_AUTO_TEST_CASE(its_config_trains) {
  const Scratch scratch;
  scratch.write("c.toml", example_config());
  const std::string path = " --plugin-path " TEST_PLUGINS;
  const auto checked = dlhost(scratch.path(), "check c.toml" + path);
  BOOST_TEST(checked.code == 0, checked.output);
  BOOST_TEST(checked.says("metric examples.Largest"), checked.output);
  const auto run = dlhost(scratch.path(), "c.toml --run-dir r --set engine.threads=1" + path, 2);
  BOOST_TEST(run.code == 0, run.output);
  const auto losses = journal(scratch.path() / "r", "val_loss");
  BOOST_REQUIRE(losses.size() > 1);
  BOOST_TEST(losses.rbegin()->second < losses.begin()->second);
  const auto lines = read(scratch.path() / "r/lines.txt");
  BOOST_TEST(lines.find(" val_largest ") != std::string::npos);
  BOOST_TEST(lines.ends_with("finished\n"));
}

BOOST_AUTO_TEST_CASE(units_train_too) {
  const Scratch scratch;
  auto config = example_config();
  const std::string network = "examples.Perceptron\"";
  const auto at = config.find(network);
  BOOST_REQUIRE(at != std::string::npos);
  const auto end = config.find('\n', at);
  config.replace(at, end - at, "examples.Residual\" }");
  scratch.write("c.toml", config);
  const auto run = dlhost(scratch.path(), "c.toml --run-dir r --set engine.threads=1 --plugin-path " TEST_PLUGINS, 2);
  BOOST_TEST(run.code == 0, run.output);
}

BOOST_AUTO_TEST_CASE(messages_are_those_of_the_program) {
  // All string literals of the sources, adjacent ones joined.
  std::string sources;
  for (const char* folder : {"core", "sdk", "plugins"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(SOURCE "/") + folder))
      if (entry.path().extension() == ".cpp" || entry.path().extension() == ".h") sources += read(entry.path());
  std::string joined;
  for (size_t i = 0; i < sources.size(); ++i) {
    if (sources[i] == '\\' && sources[i + 1] == '"') continue;
    const auto next = sources[i] == '"' ? sources.find_first_not_of(" \n", i + 1) : std::string::npos;
    if (next != std::string::npos && next > i + 1 && sources[next] == '"')
      i = next;
    else
      joined += sources[i];
  }
  const auto text = read(SOURCE "/docs/troubleshooting.md");
  std::istringstream lines(text.substr(0, text.find("## Open MPI")));
  int checked = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("### ") || line.find("mat1 and mat2") != std::string::npos) continue;
    // The parts between backticks, cut at "…".
    for (size_t begin = 0; (begin = line.find('`', begin)) != std::string::npos;) {
      const auto end = line.find('`', begin + 1);
      auto quoted = line.substr(begin + 1, end - begin - 1);
      begin = end + 1;
      for (size_t from = 0; from <= quoted.size();) {
        auto to = quoted.find("…", from);
        if (to == std::string::npos) to = quoted.size();
        const auto words = quoted.substr(from, to - from);
        from = to + std::string("…").size();
        if (words.size() < 10) continue;
        ++checked;
        const bool found = joined.find(words) != std::string::npos;
        BOOST_TEST(found, "docs/troubleshooting.md explains \"" << words << "\", which nothing prints");
      }
    }
  }
  BOOST_TEST(checked > 20);
}

BOOST_AUTO_TEST_CASE(links_lead_somewhere) {
  for (const auto& entry : std::filesystem::directory_iterator(SOURCE "/docs")) {
    const auto text = read(entry.path());
    for (size_t at = 0; (at = text.find("](", at)) != std::string::npos; ++at) {
      const auto link = text.substr(at + 2, text.find(')', at) - at - 2);
      if (link.starts_with("http") || link.starts_with("#") || link.find(' ') != std::string::npos)
        continue;  // or a lambda
      BOOST_TEST(std::filesystem::exists(SOURCE "/docs/" + link.substr(0, link.find('#'))), entry.path()
                                                                                                << ": " << link);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
