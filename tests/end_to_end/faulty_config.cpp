#include "program.h"

namespace end_to_end {

std::string faulty_config(int rank, const std::string& how) {
  auto text = small_config();
  const std::string task = "{ type = \"tasks.ImageClassification\" }";
  text.replace(
      text.find(task), task.size(),
      "{ type = \"faulty.Task\", params = { rank = " + std::to_string(rank) + ", step = 20, how = \"" + how + "\" } }");
  text.erase(text.find("metrics "), text.find("\n[engine]") - text.find("metrics "));
  return text + "\n[plugins]\npath = [\"" TEST_PLUGINS "\"]\n[checkpoint]\nbackground = false\n";
}

}  // namespace end_to_end
